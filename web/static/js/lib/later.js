// What the next page needs, fetched while this one is read: named by `<meta name="later">`. Not at
// once: who clicks straight away needs the link for the next page itself.

const PAUSE_MS = 1500;

/** @param {string} address */
function prefetch(address) {
  const link = document.createElement("link");
  link.rel = "prefetch";
  link.href = address;
  document.head.append(link);
}

export function fetchLater() {
  const named = document.querySelector("meta[name=later]")?.getAttribute("content") ?? "";
  const begin = () => setTimeout(() => named.split(" ").filter(Boolean).forEach(prefetch), PAUSE_MS);
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);
}
