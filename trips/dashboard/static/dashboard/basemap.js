// The ground of the map: street lines in the colours of the style sheet, and nothing from afar.

// Street classes by importance: the property for their colour, and widths (px) at zoom 11 and 17.
const TIERS = [
  { classes: ["service", "track"], name: "--street-minor", width: [0.2, 5] },
  {
    classes: ["residential", "living_street", "unclassified", "road", "pedestrian"],
    name: "--street-minor",
    width: [0.5, 10],
  },
  { classes: ["tertiary", "tertiary_link"], name: "--street", width: [1, 14] },
  {
    classes: ["secondary", "secondary_link", "primary", "primary_link"],
    name: "--street",
    width: [1.8, 18],
  },
  {
    classes: ["trunk", "trunk_link", "motorway", "motorway_link"],
    name: "--street-major",
    width: [2.6, 20],
  },
];

/** A MapLibre style over the streets' GeoJSON, coloured by the current theme. */
export function basemap(streets) {
  const attribution = streets.attribution ?? "© OpenStreetMap contributors";
  return {
    version: 8,
    sources: { streets: { type: "geojson", data: streets, attribution, tolerance: 0.5 } },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("--ground") } },
      ...TIERS.map(layer),
    ],
  };
}

/** Gives the map the colours of a theme that changed. */
export function recolour(map) {
  map.setPaintProperty("ground", "background-color", colour("--ground"));
  TIERS.forEach((tier, index) => {
    map.setPaintProperty(`streets-${index}`, "line-color", colour(tier.name));
  });
}

function layer(tier, index) {
  const [narrow, wide] = tier.width;
  return {
    id: `streets-${index}`,
    type: "line",
    source: "streets",
    filter: ["in", ["get", "class"], ["literal", tier.classes]],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-color": colour(tier.name),
      "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 11, narrow, 17, wide],
    },
  };
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
