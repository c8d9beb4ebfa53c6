// The record's page: prints. Without this script the browser's own command does.

const button = document.getElementById("print");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => printed());
}

/** Pictures are fetched when they come into sight; on paper all of them are in sight. */
async function printed() {
  for (const image of document.images) image.loading = "eager";
  await Promise.allSettled([...document.images].map((image) => image.decode()));
  print();
}
