// <form data-fetch> is posted without leaving the page. What it changes comes back over the WebSocket.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-fetch]")) return;
  event.preventDefault();
  fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
});
