/** Small named byte strings in this browser. What is put there is sealed before. */
export interface Blobs {
  get(name: string): Promise<Uint8Array | undefined>;
  put(name: string, bytes: Uint8Array): Promise<void>;
}

const DATABASE = "anamnesis";
const STORE = "sealed";

/** Where the browser has no database, or refuses it, nothing is kept, and lists are fetched. */
export function browserBlobs(): Blobs {
  const opened = new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(STORE));
    opening.addEventListener("success", () => resolve(opening.result));
    opening.addEventListener("error", () => reject(new Error("This browser keeps nothing")));
  });
  opened.catch(() => undefined);
  const run = async <T>(
    mode: IDBTransactionMode,
    ask: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T | undefined> => {
    try {
      const database = await opened;
      return await new Promise<T>((resolve, reject) => {
        const asked = ask(database.transaction(STORE, mode).objectStore(STORE));
        asked.addEventListener("success", () => resolve(asked.result));
        asked.addEventListener("error", () => reject(new Error("This browser keeps nothing")));
      });
    } catch {
      return undefined;
    }
  };
  return {
    get: async (name) => {
      const found: unknown = await run("readonly", (store) => store.get(name));
      return found instanceof Uint8Array ? found : undefined;
    },
    put: async (name, bytes) => {
      await run("readwrite", (store) => store.put(bytes, name));
    },
  };
}
