/**
 * Prints tests/vectors/hapi-verdicts.json: `node tests/hapi/makeVerdicts.ts > tests/vectors/hapi-verdicts.json`. Needs Java
 * and Maven, and the network at the first run. Made anew when a sample, a mutant or the making of documents changes.
 */
import { samples } from "@anamnesis/testing/samples/samples";
import { askHapi } from "./askHapi.ts";
import { cases } from "./cases.ts";

const all = cases(samples);
const verdicts = askHapi(all);
const files = all.map(({ name, sha256 }) => ({ name, sha256, ...verdicts.get(sha256) }));
const source = "HAPI FHIR 7.6.1, base definitions of R4, no network, no best-practice warnings";
console.log(`{\n"source": ${JSON.stringify(source)},\n"files": [`);
console.log(files.map((file) => JSON.stringify(file)).join(",\n"));
console.log("]\n}");
