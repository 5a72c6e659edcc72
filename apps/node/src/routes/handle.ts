import type { CertificateView } from "@anamnesis/protocol";
import { handling } from "@anamnesis/server";
import type { Handled, Handling } from "@anamnesis/server";

/** How this server's handlers are made; of a certificate it knows what the consortium does. */
export const handle: Handling<CertificateView> = handling<CertificateView>();
export type Handlers = readonly Handled<CertificateView>[];
