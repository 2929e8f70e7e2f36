"use strict";
// Draws each plot from the JSON beside it; fonts and lines take the colours of the page, light or dark.
(function () {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    const axis = { gridcolor: of("--line"), tickfont: { color: of("--soft") }, title: { font: { color: of("--soft") } } };
    return {
      font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: of("--ink") },
      xaxis: axis,
      yaxis: axis,
      hoverlabel: { bgcolor: of("--sheet"), bordercolor: of("--line"), font: { color: of("--ink") } },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: of("--soft"), activecolor: of("--ink") },
    };
  }

  function merged(into, from) {
    for (const [name, value] of Object.entries(from)) {
      const both = value && into[name] && typeof value === "object" && !Array.isArray(value);
      into[name] = both ? merged(into[name], value) : structuredClone(value);
    }
    return into;
  }

  function draw(element) {
    const figure = JSON.parse(element.nextElementSibling.textContent);
    const tools = element.dataset.tools === "yes";
    const settings = {
      responsive: true, displaylogo: false, displayModeBar: tools, scrollZoom: false, plotlyServerURL: "",
      modeBarButtons: [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
    };
    const layout = merged(figure.layout, colours());
    if (!tools) {
      layout.dragmode = false;
    }
    if (document.documentElement.clientWidth < 720 && layout.legend && layout.legend.orientation === "v") {
      merged(layout, { legend: { orientation: "h", x: 0, y: -0.02, xanchor: "left", yanchor: "top" } });
    }
    Plotly.react(element, figure.data, layout, settings);
  }

  function drawAll() {
    document.querySelectorAll(".plot").forEach(draw);
  }

  drawAll();
  dark.addEventListener("change", drawAll);
})();
