// Shows what goes over the page's WebSocket, and whether it is open. The demo's own window on
// livecomp: it only listens, and writes when the browser has nothing else to do.
(() => {
  const SHOWN = 40;
  const LONGEST = 600;
  const Native = window.WebSocket;
  const encoder = new TextEncoder();
  const pending = [];
  const total = { up: 0, down: 0, bytes: 0 };
  let scheduled = false;

  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener("open", () => connection("live", "Live"));
      this.addEventListener("close", () => connection("lost", "Reconnecting"));
      this.addEventListener("message", ({ data }) => record("down", data));
    }
    send(data) {
      record("up", data);
      super.send(data);
    }
  };

  function connection(state, text) {
    const label = document.getElementById("connection");
    label.hidden = false;
    label.dataset.state = state;
    label.querySelector(".connection-text").textContent = text;
  }

  function record(direction, data) {
    pending.push([direction, data]);
    if (scheduled) return;
    scheduled = true;
    (window.requestIdleCallback ?? setTimeout)(write);
  }

  function write() {
    scheduled = false;
    const panel = document.getElementById("wire");
    if (!panel) return;
    const frames = pending.splice(0).map(([direction, data]) => frame(direction, data));
    document.getElementById("wire-total").textContent = `${total.up} sent, ${total.down} received, ${size(total.bytes)}`;
    const list = document.getElementById("wire-frames");
    list.prepend(...frames.reverse());
    while (list.childElementCount > SHOWN) list.lastElementChild.remove();
    panel.hidden = false;
  }

  function frame(direction, data) {
    const bytes = encoder.encode(data).length;
    total[direction] += 1;
    total.bytes += bytes;
    const item = document.createElement("li");
    item.className = direction;
    const label = document.createElement("b");
    label.textContent = `${direction === "up" ? "↑" : "↓"} ${size(bytes)}`;
    const text = document.createElement("code");
    text.textContent = data.length > LONGEST ? `${data.slice(0, LONGEST)} …` : data;
    item.append(label, text);
    return item;
  }

  function size(bytes) {
    return bytes < 10_000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
  }
})();
