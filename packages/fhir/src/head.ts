/** A head that surely holds a Composition's type and category, if the file begins with one. */
export const HEAD_BYTES = 1024 * 1024;
