// The phone's memory: who is signed in, today, what is not sent yet. It survives reload and reboot.

const STORES = { meta: {}, items: { keyPath: "n", autoIncrement: true }, fixes: { autoIncrement: true } };
let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("atw-driver", 1);
    request.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(STORES)) request.result.createObjectStore(name, options);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** Runs `work(store)` in a transaction; its request's result once the transaction is on the disk. */
async function transact(name, mode, work) {
  const db = await database();
  return new Promise((resolve, reject) => {
    // A tap that is shown as kept must outlive an empty battery.
    const transaction = db.transaction(name, mode, { durability: "strict" });
    const request = work(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

const read = (name, work) => transact(name, "readonly", work);
const write = (name, work) => transact(name, "readwrite", work);

export const get = (key) => read("meta", (meta) => meta.get(key));
export const set = (key, value) => write("meta", (meta) => meta.put(value, key));
export const remove = (key) => write("meta", (meta) => meta.delete(key));

/** What waits to be sent, oldest first. */
export const items = () => read("items", (store) => store.getAll());
/** Keeps a new item, or a changed one; its number. */
export const putItem = (item) => write("items", (store) => store.put(item));
export const removeItem = (n) => write("items", (store) => store.delete(n));

/** The item, marked as tried; undefined where it was taken back. */
export const tryItem = (n) => changed(n, (item) => ({ ...item, tries: item.tries + 1 }));
/** Forgets an item that was never tried; whether it did. */
export async function takeBack(n) {
  const item = await changed(n, (found) => (found.tries ? found : null));
  return item === null;
}

// In one transaction: the sender and a finger may reach for the same item.
async function changed(n, change) {
  let result;
  await write("items", (store) => {
    const request = store.get(n);
    request.onsuccess = () => {
      if (!request.result) return;
      result = change(request.result);
      if (result) store.put(result);
      else store.delete(n);
    };
  });
  return result;
}

export const addFix = (userId, fix) => write("fixes", (store) => store.add({ userId, fix }));
export const countFixes = () => read("fixes", (store) => store.count());

/** At most `limit` positions of this person, `[{key, fix}]`, the newest first. */
export async function newestFixes(userId, limit) {
  const db = await database();
  return new Promise((resolve, reject) => {
    const found = [];
    const request = db.transaction("fixes").objectStore("fixes").openCursor(null, "prev");
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor || found.length === limit) return resolve(found);
      if (cursor.value.userId === userId) found.push({ key: cursor.key, fix: cursor.value.fix });
      cursor.continue();
    };
  });
}

export const removeFixes = (keys) =>
  write("fixes", (store) => {
    keys.forEach((key) => store.delete(key));
  });
