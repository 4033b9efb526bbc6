// Pictures of vehicles and of their names, each drawn once per theme and pixel density.

const RADIUS = 12.5;
const MARGIN = 6;
const TURN = 10;
const FONT_PX = 11.5;
const LABEL_HEIGHT = 17;
const ARROW = new Path2D("M0-7 5.2 5.6 0 2.8-5.2 5.6Z");

export class Sprites {
  /** Forgets all pictures: the colours or the density changed. */
  constructor() {
    this.pictures = new Map();
    this.density = devicePixelRatio;
    const style = getComputedStyle(document.documentElement);
    this.colour = (name) => style.getPropertyValue(name).trim();
    this.family = style.fontFamily;
  }

  /** A vehicle in the hue of its state; `heading` in degrees or null: it stands. */
  vehicle(hue, late, heading, scale) {
    const turn = heading === null ? null : Math.round(heading / TURN) * TURN;
    const size = 2 * (RADIUS * scale + MARGIN);
    return this.#picture(`${hue} ${late} ${turn} ${scale}`, size, size, (context) => {
      context.translate(size / 2, size / 2);
      context.scale(scale, scale);
      this.#badge(context, hue, late);
      context.fillStyle = this.colour("--raised");
      if (turn === null) return fill(context, 3.8);
      context.rotate((turn * Math.PI) / 180);
      context.fill(ARROW);
    });
  }

  /** A name on a small plate. */
  name(text) {
    const font = `600 ${FONT_PX}px ${this.family}`;
    const width = Math.ceil(widthOf(text, font)) + 12;
    return this.#picture(`name ${text}`, width, LABEL_HEIGHT, (context) => {
      context.globalAlpha = 0.88;
      context.fillStyle = this.colour("--raised");
      context.beginPath();
      context.roundRect(0, 0, width, LABEL_HEIGHT, 6);
      context.fill();
      context.globalAlpha = 1;
      context.fillStyle = this.colour("--ink");
      context.font = font;
      context.textBaseline = "middle";
      context.fillText(text, 6, LABEL_HEIGHT / 2 + 0.5);
    });
  }

  #badge(context, hue, late) {
    context.shadowColor = "rgb(0 0 0 / 35%)";
    context.shadowBlur = 2 * this.density;
    context.shadowOffsetY = this.density;
    context.fillStyle = this.colour(late ? "--trouble" : "--raised");
    fill(context, late ? RADIUS + 2 : RADIUS + 1);
    context.shadowColor = "transparent";
    context.fillStyle = this.colour(`--${hue}`);
    fill(context, late ? RADIUS - 2 : RADIUS - 1.2);
  }

  #picture(key, width, height, draw) {
    const known = this.pictures.get(key);
    if (known) return known;
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(width * this.density);
    canvas.height = Math.ceil(height * this.density);
    const context = canvas.getContext("2d");
    context.scale(this.density, this.density);
    draw(context);
    const picture = { canvas, width: canvas.width / this.density, height: canvas.height / this.density };
    this.pictures.set(key, picture);
    return picture;
  }
}

const ruler = document.createElement("canvas").getContext("2d");

function widthOf(text, font) {
  ruler.font = font;
  return ruler.measureText(text).width;
}

function fill(context, radius) {
  context.beginPath();
  context.arc(0, 0, radius, 0, 2 * Math.PI);
  context.fill();
}
