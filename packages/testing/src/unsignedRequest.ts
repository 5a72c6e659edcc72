import type { SignedRequest } from "@anamnesis/protocol";

/** What a proxy keeps of a request, in its form; nobody signed it. */
export const unsignedRequest: SignedRequest = {
  v: 1,
  method: "POST",
  authority: "proxy.example",
  path: "/",
  contentDigest: "",
  input: "",
  signature: "",
};
