// The works that are kept between visits, in IndexedDB: what is put there outlives a browser that is killed right after,
// which local storage does not for up to a minute.

const NAME = "convscope";
const STORE = "works";
const VERSION = 1;

/** Without an answer in this time the page begins without what is kept, in milliseconds. */
const PATIENCE = 1500;

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function open() {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
  return done(request).then((database) => {
    // Another tab has a newer version of the page, which waits for this one to let go.
    database.onversionchange = () => database.close();
    return database;
  });
}

// Begun while the page's binary is still on its way.
const opened = Promise.race([
  new Promise((resolve) => resolve(open())),
  new Promise((_, reject) => setTimeout(() => reject(new DOMException("no answer", "TimeoutError")), PATIENCE)),
]);
const first = opened.then(all);
first.catch(() => {});

function all(database) {
  return done(database.transaction(STORE).objectStore(STORE).getAll());
}

async function change(act) {
  const database = await opened;
  const transaction = database.transaction(STORE, "readwrite");
  const ended = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  act(transaction.objectStore(STORE));
  // At once, so that nothing is lost with the page.
  transaction.commit?.();
  await ended;
}

/** What was kept when the page was opened. */
export const keptAtFirst = () => first;

/** What is kept now. */
export const keptNow = async () => all(await opened);

export const keep = (id, link, address, isOwn, saved, title) =>
  change((store) => store.put({ id, link, address, isOwn, saved, title }));

export const forget = (ids) => change((store) => ids.forEach((id) => store.delete(id)));

/** An id that no other work has. */
export const newId = () => Date.now().toString(36) + Math.random().toString(36).slice(2, 10);

/**
 * Whether this tab alone has the work from now on, until it is closed. A page that is reloaded lets go of it a moment
 * after the next one begins.
 */
export async function claim(id) {
  if (!navigator.locks) return false;
  for (const rest of [0, 100, 300]) {
    await new Promise((resolve) => setTimeout(resolve, rest));
    if (await hold(`convscope.${id}`)) return true;
  }
  return false;
}

/** Whether nobody has the lock; then it is held as long as the page lives. */
function hold(name) {
  return new Promise((resolve) => {
    const held = (lock) => {
      resolve(lock !== null);
      return lock && new Promise(() => {});
    };
    navigator.locks.request(name, { ifAvailable: true }, held).catch(() => resolve(false));
  });
}

/** A name for why nothing is kept. */
export const reason = (error) => String(error?.name ?? error);

/** Whether tabs can tell who has a work. */
export const hasLocks = () => Boolean(navigator.locks);

/** A time since 1970 in the person's own words, today's without its date. */
export function localTime(milliseconds) {
  const then = new Date(milliseconds);
  const isToday = then.toDateString() === new Date().toDateString();
  return isToday
    ? then.toLocaleTimeString([], { timeStyle: "short" })
    : then.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
