/** The thread in which pdf.js reads a document: its own scripts are off, and so is `eval`. */
import "pdfjs-dist/build/pdf.worker.min.mjs";
