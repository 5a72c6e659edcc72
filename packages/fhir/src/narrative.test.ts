import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { narrativeFaultsIn, sanitizeNarrative } from "./narrative.ts";
import { parse } from "./parse.ts";
import { visit } from "./reference.ts";
import { patientFiles, samples, transferFile } from "@anamnesis/testing/samples/samples";

test("sanitizeNarrative() makes hostile narratives harmless and narrativeFaultsIn() names them", async (t) => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["<p>a</p><script>alert(1)</script><p>b</p>", "<p>a</p><p>b</p>", "ACTIVE_ELEMENT"],
    ["<SCRIPT SRC=//x.example/x.js>", "", "ACTIVE_ELEMENT"],
    ["<script><p>b</p>", "", "ACTIVE_ELEMENT"],
    ["<scr<script>ipt>alert(1)</script>", "ipt&gt;alert(1)", "MALFORMED"],
    [
      '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>x',
      "x",
      "ACTIVE_ELEMENT",
    ],
    ["<svg><script>alert(1)</script></svg>x", "x", "ACTIVE_ELEMENT"],
    ["<math><mtext><img src=x onerror=alert(1)></mtext></math>", "", "ACTIVE_ELEMENT"],
    ['<style>@import "//x.example"</style>x', "x", "ACTIVE_ELEMENT"],
    ['<iframe src="javascript:alert(1)"></iframe>x', "x", "ACTIVE_ELEMENT"],
    ['<object data="x"></object><embed src="x">', "", "ACTIVE_ELEMENT"],
    ['<form action="//x.example"><input name="a"/></form>x', "x", "ACTIVE_ELEMENT"],
    ['<meta http-equiv="refresh" content="0;url=//x.example"/>x', "x", "ACTIVE_ELEMENT"],
    ['<link rel="stylesheet" href="//x.example"/>x', "x", "ACTIVE_ELEMENT"],
    ['<base href="//x.example"/>x', "x", "ACTIVE_ELEMENT"],
    ['<p onclick="alert(1)">a</p>', "<p>a</p>", "EVENT_HANDLER"],
    ["<p OnMouseOver=alert(1)>a</p>", "<p>a</p>", "EVENT_HANDLER"],
    ["<p/onclick=alert(1)>a</p>", "<p>a</p>", "EVENT_HANDLER"],
    [
      '<img src="data:image/png;base64,AAAA" onerror="alert(1)"/>',
      '<img src="data:image/png;base64,AAAA"/>',
      "EVENT_HANDLER",
    ],
    ['<img src="https://x.example/pixel.gif" alt="scan"/>', "scan", "EXTERNAL_IMAGE"],
    ['<img src="//x.example/p.gif"/>', "", "EXTERNAL_IMAGE"],
    ['<img src="data:image/svg+xml;base64,AAAA"/>', "", "EXTERNAL_IMAGE"],
    ['<img srcset="//x.example/p.gif 1x"/>', "", "UNSAFE_URL"],
    ['<td background="//x.example/p.gif">a</td>', "<td>a</td>", "UNSAFE_URL"],
    ['<a href="javascript:alert(1)">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href=" jAvA\tscript&#58;alert(1)">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="&#x6A;avascript&colon;alert(1)">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="\u0001javascript:alert(1)">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="data:text/html,x">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="vbscript:x">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="//x.example">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<p style="background:url(//x.example)">a</p>', "<p>a</p>", "UNSAFE_STYLE"],
    ['<p style="width:exp/**/ression(alert(1))">a</p>', "<p>a</p>", "UNSAFE_STYLE"],
    ['<p style="position:fixed;top:0">a</p>', "<p>a</p>", "UNSAFE_STYLE"],
    ['<!DOCTYPE x [<!ENTITY e "y">]>a', "]&gt;a", "MALFORMED"],
    ["<marquee>a</marquee>", "a", "ELEMENT_REFUSED"],
    ["a < b & c", "a &lt; b &amp; c", "MALFORMED"],
    ['<p title="&quot; onclick=&quot;x">a</p>', '<p title="&quot; onclick=&quot;x">a</p>', ""],
    ["&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;", ""],
    ["<![CDATA[<script>x</script>]]>", "&lt;script&gt;x&lt;/script&gt;", ""],
    ["<!-- <script> -->a", "a", ""],
    ['<p id="x" class="y" name="z" style="color:red">a</p>', "<p>a</p>", ""],
    [
      '<a href="https://x.example/?a=1&amp;b=2">a</a>',
      '<a href="https://x.example/?a=1&amp;b=2" rel="noopener noreferrer" target="_blank">a</a>',
      "",
    ],
    [
      '<table><tr><td colspan="2">5.10&nbsp;µ</td></tr></table><br/>',
      '<table><tr><td colspan="2">5.10\u00a0µ</td></tr></table><br/>',
      "",
    ],
    ["<b><i>a</b>b</i>", "<b><i>a</i></b>b", "MALFORMED"],
    ["<p>a<p>b", "<p>a</p><p>b</p>", "MALFORMED"],
    ["<p>a<b title='", "<p>a</p>", "MALFORMED"],
    ["a & b", "a &amp; b", "MALFORMED"],
    ["<p title=a>b</p>", '<p title="a">b</p>', "MALFORMED"],
    ["<?php echo 1 ?>a", "a", "MALFORMED"],
    ["a<!-- b", "a", "MALFORMED"],
    ['<a name="x"/>a', "<a></a>a", ""],
    ["<P>a</P>", "<p>a</p>", ""],
    ["<script/>a", "a", "ACTIVE_ELEMENT"],
    ["<button>a</button>b", "b", "ACTIVE_ELEMENT"],
    ["<plaintext><p>a</p>", "", "ACTIVE_ELEMENT"],
    [
      '<p onclick="alert(1)" onclick="alert(2)" title="a" title="b"/>',
      '<p title="a"></p>',
      "EVENT_HANDLER",
    ],
    // What has led sanitisers and browsers to read one text in two ways.
    [
      '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>a',
      "a",
      "ACTIVE_ELEMENT",
    ],
    ['<svg></p><style><a id="</style><img src=1 onerror=alert(1)>"></svg>a', "a", "ACTIVE_ELEMENT"],
    [
      "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
      "",
      "ACTIVE_ELEMENT",
    ],
    [
      "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)></form>a",
      "",
      "ACTIVE_ELEMENT",
    ],
    ["<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>a", "a", "ACTIVE_ELEMENT"],
    ["<svg><desc><![CDATA[</desc><script>alert(1)</script>]]></svg>a", "a", "ACTIVE_ELEMENT"],
    ["<![CDATA[a]]]]><![CDATA[>&lt;b]]>", "a]]&gt;&amp;lt;b", ""],
    ["<!--><img src=x onerror=alert(1)>-->", "--&gt;", "MALFORMED"],
    ["<!-- --!><script>alert(1)</script> -->", " --&gt;", "ACTIVE_ELEMENT"],
    ["<textarea><p>a</textarea><p>b</p>", "<p>b</p>", "ACTIVE_ELEMENT"],
    ["<title><!--</title>--><p>b</p>", "--&gt;<p>b</p>", "ACTIVE_ELEMENT"],
    [
      "<x:SvG xmlns:x='http://www.w3.org/2000/svg' onload='alert(1)'>a</x:SvG>b",
      "b",
      "ACTIVE_ELEMENT",
    ],
    [
      "<a xmlns:x='http://www.w3.org/1999/xlink' x:href='javascript:alert(1)'>a</a>",
      "<a>a</a>",
      "UNSAFE_URL",
    ],
    ['<a xlink:href="javascript:alert(1)">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="java\u0000script:alert(1)">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="&NewLine;java&Tab;script&#x3a;alert(1)">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="&#106&#97vascript&#0000058alert(1)">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="\u200bjavascript:alert(1)">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="\\\\x.example">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="/\t/x.example">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<a href="https:x.example">a</a>', "<a>a</a>", "UNSAFE_URL"],
    ['<img src="&#100;ata:image/svg+xml,x" alt="scan"/>', "scan", "EXTERNAL_IMAGE"],
    ["&#x3c;script&#x3e;alert(1)&#60;/script&#62;", "&lt;script&gt;alert(1)&lt;/script&gt;", ""],
    ["&amp;lt;script&amp;gt;", "&amp;lt;script&amp;gt;", ""],
    ["&#xD800;&#x110000;&#0;", "\ufffd\ufffd\ufffd", ""],
    ["&unknown;", "&amp;unknown;", "MALFORMED"],
  ];
  for (const [input, want, fault] of rows) {
    await t.test(input, () => {
      const safe = sanitizeNarrative(input);
      assert.equal(safe, want);
      assertHarmless(safe);
      const faults: readonly string[] = narrativeFaultsIn(input);
      if (fault === "") assert.deepEqual(faults, []);
      else assert.ok(faults.includes(fault), faults.join());
    });
  }
});

/** Reads a sanitised narrative strictly: only what the sanitiser may write is let through. */
function assertHarmless(safe: string): void {
  const tag =
    /<\/?[a-z][a-z0-9]*(?: (?:title|lang|dir|colspan|rowspan|scope|align|valign|alt|span|start|width|height|rel|target|href|src)="[^"<>]*")*\/?>/g;
  const rest = safe.replace(tag, (found) => {
    assert.ok(
      !/^<\/?(?:script|style|iframe|object|embed|svg|math|form|input|link|meta|base|template|noscript)\b/.test(
        found,
      ),
      found,
    );
    const url = /(?:href|src)="([^"]*)"/.exec(found)?.[1];
    assert.ok(
      url === undefined ||
        /^(?:https?:\/\/|mailto:|tel:|data:image\/(?:png|jpeg|gif);base64,)/i.test(url),
      found,
    );
    return "";
  });
  assert.ok(!/[<>"]/.test(rest), rest);
}

test("sanitizeNarrative() lets only its own markup through and is idempotent, whatever comes", () => {
  const piece = fc.constantFrom(
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    '"',
    "'",
    "=",
    "&",
    "&lt;",
    "&#60;",
    ";",
    " ",
    "script",
    "style",
    "svg",
    "p",
    "a",
    "img",
    "src",
    "href",
    "onerror",
    "javascript:",
    "https://x",
    "title",
    "\u0000",
    "é",
    "`",
    "/",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const safe = sanitizeNarrative(pieces.join(""));
      assertHarmless(safe);
      assert.equal(sanitizeNarrative(safe), safe);
    }),
    { seed: 7, numRuns: 3_000 },
  );
});

test("sanitizeNarrative() takes long and deep input in linear time", () => {
  const deep = sanitizeNarrative(`${"<div>".repeat(1_000_000)}a`);
  assert.equal(deep, `${"<div>".repeat(60)}a${"</div>".repeat(60)}`);
  assert.equal(sanitizeNarrative("<".repeat(200_000)), "&lt;".repeat(200_000));
  assert.equal(sanitizeNarrative(`<p ${"a ".repeat(200_000)}>x</p>`), "<p>x</p>");
});

test("sanitizeNarrative() keeps the words of every sample narrative", () => {
  const words = (xhtml: string): string =>
    xhtml.replace(/<[^>]*>/g, "").replace(/&[^;]*;|[\s'"]/g, "");
  for (const file of [
    ...patientFiles.slice(0, 3),
    transferFile,
    ...samples.in("fhir/ips"),
    ...samples.in("fhir/official"),
  ]) {
    visit(parse(samples.read(file)).resource, ({ div }) => {
      if (typeof div !== "string") return;
      const safe = sanitizeNarrative(div);
      assertHarmless(safe);
      if (!div.includes("<!--")) assert.equal(words(safe), words(div));
    });
  }
});

test("sanitizeNarrative() drops what active elements hold at every depth, and keeps the text of others", () => {
  for (let depth = 490; depth < 510; depth++) {
    const within = (content: string): string =>
      sanitizeNarrative("<div>".repeat(depth) + content).replace(/<\/?div>/g, "");
    assert.equal(within("a<script>alert(1)</script>"), "a");
    assert.equal(within("a<svg><p>b</p><p>c</p></svg>"), "a");
    assert.equal(within("a<i>b</i><br/>c&amp;<![CDATA[d]]>e</div>f"), "ab<br/>c&amp;def");
  }
});
