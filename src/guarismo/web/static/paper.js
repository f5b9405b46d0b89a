// Paper to draw on: strokes are kept as lists of points; the canvas only shows them and is never read back.
export class Paper {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    this.undone = [];
    this.width = 28;
    this.erasing = false;
    this.current = null;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.#up(event));
    new ResizeObserver(() => this.show()).observe(canvas);
  }

  // Units of a drawing: the paper is 600 high, whatever its size on the screen.
  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = 600 / box.height;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale].map((n) => Math.round(n * 10) / 10);
  }

  #down(event) {
    if (event.button > 0 || this.current) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    if (this.erasing) return void this.#erase(this.#point(event));
    this.current = [this.#point(event)];
    this.show();
  }

  #move(event) {
    if (event.pointerId !== this.pointer) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const one of between.length ? between : [event]) {
      const at = this.#point(one);
      if (this.erasing) this.#erase(at);
      else if (this.current) {
        const [x, y] = this.current.at(-1);
        if (Math.hypot(at[0] - x, at[1] - y) >= 2) this.current.push(at);
      }
    }
    this.show();
  }

  #up(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    if (!this.current) return;
    this.strokes.push(this.current);
    this.current = null;
    this.undone = [];
    this.show();
    this.changed();
  }

  #erase(at) {
    const near = (stroke) => stroke.some(([x, y]) => Math.hypot(x - at[0], y - at[1]) < 12 + this.width / 2);
    const left = this.strokes.filter((stroke) => !near(stroke));
    if (left.length === this.strokes.length) return;
    this.undone = [];
    this.strokes = left;
    this.show();
    this.changed();
  }

  undo() {
    if (!this.strokes.length) return;
    this.undone.push(this.strokes.pop());
    this.show();
    this.changed();
  }

  redo() {
    if (!this.undone.length) return;
    this.strokes.push(this.undone.pop());
    this.show();
    this.changed();
  }

  clear() {
    this.strokes = [];
    this.undone = [];
    this.current = null;
    this.show();
    this.changed();
  }

  drawing() {
    return { strokes: this.strokes, width: this.width };
  }

  show() {
    const box = this.canvas.getBoundingClientRect();
    if (!box.height) return;
    const dense = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(box.width * dense), Math.round(box.height * dense)];
    if (this.canvas.width !== wide || this.canvas.height !== high) Object.assign(this.canvas, { width: wide, height: high });
    const pen = this.canvas.getContext("2d");
    const scale = high / 600;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, wide, high);
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = this.width;
    pen.strokeStyle = pen.fillStyle = getComputedStyle(this.canvas).getPropertyValue("--ink");
    for (const stroke of this.current ? [...this.strokes, this.current] : this.strokes) draw(pen, stroke, this.width);
  }
}

// Through the middles of neighbouring points, so that a fast hand leaves no corners.
function draw(pen, stroke, width) {
  pen.beginPath();
  if (stroke.length === 1) {
    pen.arc(stroke[0][0], stroke[0][1], width / 2, 0, 2 * Math.PI);
    pen.fill();
    return;
  }
  pen.moveTo(...stroke[0]);
  for (let i = 1; i < stroke.length - 1; i++) {
    const [x, y] = stroke[i];
    pen.quadraticCurveTo(x, y, (x + stroke[i + 1][0]) / 2, (y + stroke[i + 1][1]) / 2);
  }
  pen.lineTo(...stroke.at(-1));
  pen.stroke();
}
