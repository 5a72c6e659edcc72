/** Stands for Node's module `crypto` in the bundle: the platform's own Web Cryptography. */
export const webcrypto = globalThis.crypto;
