// What an install page needs of the vendor's frame script. The page around the frame does what is said here.
(() => {
  const tell = (call) => parent.postMessage({ portal: call }, "*");
  const ready = new Promise((resolve) => {
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", resolve);
    else resolve();
  });
  window.BX24 = {
    init: (then) =>
      ready.then(() => {
        tell("init");
        then?.();
      }),
    installFinish: () => tell("installFinish"),
  };
})();
