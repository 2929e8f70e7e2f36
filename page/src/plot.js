// Points in the plane, drawn pixel by pixel: pan, zoom, pick and lasso by mouse, touch and keyboard. Knows nothing of texts.
// Positions are from 0 to 1 with the origin at the bottom left; the view is a centre and a zoom.
// Not by WebGL: without a GPU, 300,000 points took it a hundred times as long as writing their pixels here.

const MOST_ZOOM = 3000;
const NEAR = 14; // pixels from a point within which it is picked
const HOLD = 5; // pixels that a press may move and still be a click
const LASSO_STEP = 4; // pixels between two corners of a lasso
const PAN = 60; // pixels of an arrow key
const [SHOWN, FADED, LIT] = [0xd9, 0x30, 0xff]; // alpha of a point

/** Finds the points near a place: points sorted by the cells of a grid. */
export class Grid {
  constructor(x, y) {
    this.x = x;
    this.y = y;
    const side = (this.side = Math.max(1, Math.round(Math.sqrt(x.length / 4))));
    const cells = new Int32Array(x.length);
    this.begins = new Int32Array(side * side + 1);
    for (let n = 0; n < x.length; n++) this.begins[(cells[n] = this.cell(x[n]) + side * this.cell(y[n])) + 1]++;
    for (let c = 0; c < side * side; c++) this.begins[c + 1] += this.begins[c];
    const next = this.begins.slice();
    this.points = new Int32Array(x.length);
    for (let n = 0; n < x.length; n++) this.points[next[cells[n]]++] = n;
  }

  cell(value) {
    return Math.max(0, Math.min(this.side - 1, Math.floor(value * this.side)));
  }

  /** Calls `visit` with every point of the cells that a rectangle touches. */
  each(left, bottom, right, top, visit) {
    for (let row = this.cell(bottom); row <= this.cell(top); row++) {
      const first = this.begins[row * this.side + this.cell(left)];
      const last = this.begins[row * this.side + this.cell(right) + 1];
      for (let n = first; n < last; n++) visit(this.points[n]);
    }
  }

  /** The nearest shown point within a radius, or -1. */
  nearest(x, y, radius, shown = () => true) {
    let found = -1;
    let least = radius * radius;
    this.each(x - radius, y - radius, x + radius, y + radius, (n) => {
      const distance = (this.x[n] - x) ** 2 + (this.y[n] - y) ** 2;
      if (distance <= least && shown(n)) [found, least] = [n, distance];
    });
    return found;
  }

  /** The shown points within a polygon [[x, y], …], in order. */
  within(polygon, shown = () => true) {
    const bounds = [0, 1].map((axis) => polygon.map((corner) => corner[axis]));
    const found = [];
    this.each(Math.min(...bounds[0]), Math.min(...bounds[1]), Math.max(...bounds[0]), Math.max(...bounds[1]), (n) => {
      let inside = false;
      for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
        const [[xa, ya], [xb, yb]] = [polygon[a], polygon[b]];
        if (ya > this.y[n] !== yb > this.y[n] && this.x[n] < ((xb - xa) * (this.y[n] - ya)) / (yb - ya) + xa) inside = !inside;
      }
      if (inside && shown(n)) found.push(n);
    });
    return found.sort((a, b) => a - b);
  }
}

/** A disc as pixels: places relative to its centre, and how much of each it covers, from 0 to 1. */
function disc(diameter) {
  const reach = Math.ceil(diameter / 2);
  const cells = [];
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) {
      const cover = Math.min(1, Math.max(0, diameter / 2 + 0.5 - Math.hypot(column, row)));
      if (cover > 0.05) cells.push([column, row, cover]);
    }
  }
  return { reach, cells };
}

export class Plot {
  /** `on`: view(), hover(n, x, y), pick(n), lasso(polygon), lassoing(path). */
  constructor(element, canvas, on) {
    this.context = canvas.getContext("2d");
    Object.assign(this, { element, canvas, on, x: 0.5, y: 0.5, zoom: 1, mode: "pan", pointers: new Map(), shown: () => true });
    Object.assign(this, { lit: null, rings: [], ink: "#000" });
    this.ending = new AbortController();
    const listen = (target, name, act, options) => target.addEventListener(name, act, { signal: this.ending.signal, ...options });
    listen(element, "wheel", (event) => this.wheel(event), { passive: false });
    listen(element, "pointerdown", (event) => this.down(event));
    listen(element, "pointermove", (event) => this.move(event));
    listen(element, "pointerup", (event) => this.up(event));
    listen(element, "pointercancel", (event) => this.cancel(event));
    listen(element, "pointerleave", () => this.on.hover(-1));
    listen(element, "keydown", (event) => this.key(event));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(element);
    this.resize();
  }

  close() {
    this.ending.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }

  // Data -------------------------------------------------------------------------------------------------------------

  setPoints(grid) {
    this.grid = grid;
    this.draw();
  }

  /** Four bytes a point; alpha 0 hides it. */
  setColours(colours) {
    this.colours = colours;
    this.packed = Uint32Array.from({ length: colours.length / 4 }, (_, n) => colours[4 * n] | (colours[4 * n + 1] << 8) | (colours[4 * n + 2] << 16));
    this.shown = (n) => colours[4 * n + 3] > 0;
    this.draw();
  }

  /** Points drawn larger over the others, which fade; null for none. */
  setLit(points) {
    this.lit = points;
    this.draw();
  }

  /** Points in a ring. */
  setRings(points, ink) {
    Object.assign(this, { rings: points, ink });
    this.draw();
  }

  // View -------------------------------------------------------------------------------------------------------------

  get side() {
    return Math.min(this.width, this.height);
  }

  toScreen(x, y) {
    const unit = this.side * this.zoom;
    return [(x - this.x) * unit + this.width / 2, this.height / 2 - (y - this.y) * unit];
  }

  toData(left, top) {
    const unit = this.side * this.zoom;
    return [(left - this.width / 2) / unit + this.x, (this.height / 2 - top) / unit + this.y];
  }

  resize() {
    const box = this.element.getBoundingClientRect();
    const ratio = Math.min(2, devicePixelRatio);
    [this.width, this.height, this.ratio] = [Math.max(1, box.width), Math.max(1, box.height), ratio];
    this.canvas.width = Math.max(1, Math.round(this.width * ratio));
    this.canvas.height = Math.max(1, Math.round(this.height * ratio));
    this.image = this.context.createImageData(this.canvas.width, this.canvas.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.changed();
  }

  setView(x, y, zoom) {
    this.zoom = Math.max(0.8, Math.min(MOST_ZOOM, zoom));
    this.x = Math.max(0, Math.min(1, x));
    this.y = Math.max(0, Math.min(1, y));
    this.changed();
  }

  /** Zoom by a factor, a place of the screen staying where it is. */
  zoomAt(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.toData(left, top);
    const before = this.zoom;
    this.zoom = Math.max(0.8, Math.min(MOST_ZOOM, this.zoom * factor));
    const kept = before / this.zoom;
    this.setView(x + (this.x - x) * kept, y + (this.y - y) * kept, this.zoom);
  }

  /** Show some points, with room around them; all of them for null. */
  fit(points) {
    let [left, right, bottom, top] = [1, 0, 1, 0];
    for (const n of points?.length ? points : this.grid.points) {
      [left, right] = [Math.min(left, this.grid.x[n]), Math.max(right, this.grid.x[n])];
      [bottom, top] = [Math.min(bottom, this.grid.y[n]), Math.max(top, this.grid.y[n])];
    }
    const zoom = Math.min(this.width / this.side / (right - left + 1e-9), this.height / this.side / (top - bottom + 1e-9));
    return this.setView((left + right) / 2, (bottom + top) / 2, points?.length ? Math.min(60, 0.8 * zoom) : 0.94 * zoom);
  }

  changed() {
    this.draw();
    this.on.view(this);
  }

  draw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => ((this.frame = 0), this.paint()));
  }

  /** Diameter of a point: larger for few points, and when one comes nearer. */
  get size() {
    const first = Math.max(1.4, Math.min(6, 320 / Math.sqrt(this.grid.x.length + 1)));
    return Math.min(14, first * (this.zoom / 1.3) ** 0.35);
  }

  paint() {
    if (!this.grid || !this.colours) return;
    this.pixels.fill(0);
    const [left, bottom] = this.toData(0, this.height);
    const [right, top] = this.toData(this.width, 0);
    const faded = this.lit !== null;
    const stamp = this.stamp(this.size, faded ? FADED : SHOWN);
    const { x, y } = this.grid;
    if (left < 0.1 && bottom < 0.1 && right > 0.9 && top > 0.9) for (let n = 0; n < x.length; n++) stamp(n);
    else this.grid.each(left, bottom, right, top, stamp);
    if (faded) this.lit.forEach(this.stamp(Math.max(4, 1.4 * this.size), LIT));
    this.context.putImageData(this.image, 0, 0);
    const radius = Math.max(7, this.size + 3) * this.ratio;
    Object.assign(this.context, { strokeStyle: this.ink, lineWidth: 2.5 * this.ratio });
    for (const n of this.rings) {
      this.context.beginPath();
      this.context.arc(...this.toScreen(x[n], y[n]).map((each) => each * this.ratio), radius, 0, 7);
      this.context.stroke();
    }
  }

  /** A function that draws a point. Where points overlap, the last one shows; edges never cover what is there. */
  stamp(size, alpha) {
    const { pixels, ratio, colours, packed } = this;
    const { x, y } = this.grid;
    const { width, height } = this.canvas;
    const unit = this.side * this.zoom * ratio;
    const [acrossAt, downAt] = [width / 2 - this.x * unit, height / 2 + this.y * unit];
    if (size * ratio < 2.5) {
      const opaque = alpha << 24; // two by two pixels: most points of a large map
      return (n) => {
        const across = (acrossAt + x[n] * unit) | 0;
        const down = (downAt - y[n] * unit) | 0;
        if (across < 0 || down < 0 || across >= width - 1 || down >= height - 1 || !colours[4 * n + 3]) return;
        const place = across + down * width;
        const colour = packed[n] | opaque;
        pixels[place] = colour;
        pixels[place + 1] = colour;
        pixels[place + width] = colour;
        pixels[place + width + 1] = colour;
      };
    }
    const { reach, cells } = disc(size * ratio);
    const count = cells.length;
    const [columns, rows] = [0, 1].map((which) => Int32Array.from(cells, (cell) => cell[which]));
    const covers = Int32Array.from(cells, (cell) => Math.round(cell[2] * alpha));
    const places = columns.map((column, m) => column + rows[m] * width);
    return (n) => {
      const across = (acrossAt + x[n] * unit) | 0;
      const down = (downAt - y[n] * unit) | 0;
      if (across < -reach || down < -reach || across > width + reach || down > height + reach || !colours[4 * n + 3]) return;
      const colour = packed[n];
      const inside = across >= reach && down >= reach && across < width - reach && down < height - reach;
      const middle = across + down * width;
      for (let m = 0; m < count; m++) {
        if (!inside && (across + columns[m] < 0 || across + columns[m] >= width || down + rows[m] < 0 || down + rows[m] >= height)) continue;
        const cover = covers[m];
        const place = middle + places[m];
        if (cover >= alpha || cover > pixels[place] >>> 24) pixels[place] = colour | (cover << 24);
      }
    };
  }

  // Hands ------------------------------------------------------------------------------------------------------------

  place(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  at(left, top) {
    return this.grid ? this.grid.nearest(...this.toData(left, top), NEAR / (this.side * this.zoom), this.shown) : -1;
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    this.zoomAt(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) / 400), ...this.place(event));
  }

  down(event) {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    const place = this.place(event);
    this.pointers.set(event.pointerId, place);
    this.begin = place;
    this.moved = false;
    this.path = (this.mode === "lasso" || event.shiftKey) && this.pointers.size === 1 ? [place] : null;
    if (this.pointers.size > 1) this.on.lassoing((this.path = null));
  }

  move(event) {
    const place = this.place(event);
    const last = this.pointers.get(event.pointerId);
    if (!last) return this.on.hover(event.pointerType === "mouse" ? this.at(...place) : -1, ...place);
    if (Math.hypot(place[0] - this.begin[0], place[1] - this.begin[1]) > HOLD) this.moved = true;
    if (this.path) {
      const [left, top] = this.path.at(-1);
      if (Math.hypot(place[0] - left, place[1] - top) >= LASSO_STEP) this.on.lassoing(this.path.push(place) && this.path);
      return undefined;
    }
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
    this.pointers.set(event.pointerId, place);
    if (!others.length) {
      const unit = this.side * this.zoom;
      if (this.moved) this.setView(this.x - (place[0] - last[0]) / unit, this.y + (place[1] - last[1]) / unit, this.zoom);
      return undefined;
    }
    const other = others[0][1];
    const apart = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]);
    this.moved = true;
    return this.zoomAt(apart(place) / Math.max(1, apart(last)), (place[0] + other[0]) / 2, (place[1] + other[1]) / 2);
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    const { path } = this;
    this.path = null;
    if (path) this.on.lassoing(null);
    if (path && path.length > 3) this.on.lasso(path.map((corner) => this.toData(...corner)));
    else if (!this.moved && !this.pointers.size) this.on.pick(this.at(...this.place(event)));
  }

  cancel(event) {
    this.pointers.delete(event.pointerId);
    this.path = null;
    this.on.lassoing(null);
  }

  key(event) {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const unit = this.side * this.zoom;
    const by = (x, y) => () => this.setView(this.x + (x * PAN) / unit, this.y + (y * PAN) / unit, this.zoom);
    const act = {
      ArrowLeft: by(-1, 0), ArrowRight: by(1, 0), ArrowUp: by(0, 1), ArrowDown: by(0, -1),
      "+": () => this.zoomAt(1.5), "=": () => this.zoomAt(1.5), "-": () => this.zoomAt(1 / 1.5), 0: () => this.fit(null),
      Enter: () => this.on.pick(this.grid.nearest(this.x, this.y, Math.max(0.03, 80 / unit), this.shown)),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
