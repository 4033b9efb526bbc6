// A signature drawn with a finger, and photos made small before they wait for coverage.

const SIDE_PX = 1600;
const MOST_BYTES = 900_000;
const LINE_PX = 3;

/** The photo in `file` as a JPEG that is small enough for the server. */
export async function shrunk(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, SIDE_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  for (const quality of [0.8, 0.65, 0.5, 0.35]) {
    const blob = await asBlob(canvas, "image/jpeg", quality);
    if (blob.size <= MOST_BYTES) return blob;
  }
  return asBlob(canvas, "image/jpeg", 0.2);
}

export function asBlob(canvas, type, quality) {
  return new Promise((resolve) => canvas.toBlob(resolve, type, quality));
}

/** Makes a canvas a pad to sign on: `{isEmpty(), clear(), blob()}`. */
export function pad(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const context = canvas.getContext("2d");
  let empty = true;
  let from = null;
  clear();
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    from = place(event);
    line(from, from);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const to = place(event);
    line(from, to);
    from = to;
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (from = null));
  return { isEmpty: () => empty, clear, blob: () => asBlob(canvas, "image/png") };

  function clear() {
    const box = canvas.getBoundingClientRect();
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.strokeStyle = "#111";
    context.lineWidth = LINE_PX * ratio;
    context.lineCap = context.lineJoin = "round";
    empty = true;
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  }

  function line(a, b) {
    context.beginPath();
    context.moveTo(...a);
    context.lineTo(...b);
    context.stroke();
    empty = false;
  }
}
