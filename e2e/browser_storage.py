"""Scripts for a page's browser storage: deny it before the page's own scripts run, or read all of it."""

DENY_STORAGE = """
    for (const name of ["localStorage", "sessionStorage", "indexedDB"])
        Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
    navigator.locks.request = () => Promise.reject(new DOMException("no", "SecurityError"));
    window.BroadcastChannel = class { constructor() { throw new DOMException("no", "SecurityError"); } };
"""
SILENT = """
    indexedDB.open = () => new EventTarget();
    navigator.locks.request = () => new Promise(() => undefined);
"""
#: The warning that the page shows in this case.
NOT_SAVED = "This browser can't save drafts: unsent messages are lost when you close the page."
#: Returns everything that the browser stores for the origin of a page, as one text.
READ_STORAGE = """async () => {
    const texts = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
    for (const { name, version } of await indexedDB.databases()) {
        const database = await new Promise((resolve) => {
            const asked = indexedDB.open(name, version);
            asked.onsuccess = () => resolve(asked.result);
        });
        for (const store of database.objectStoreNames)
            texts.push(JSON.stringify(await new Promise((resolve) => {
                const all = database.transaction(store).objectStore(store).getAll();
                all.onsuccess = () => resolve(all.result);
            })));
        database.close();
    }
    return texts.join();
}"""
