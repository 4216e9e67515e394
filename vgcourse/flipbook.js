(() => {
  const box = document.currentScript.parentElement, image = box.querySelector("img");
  const { label, start, frames } = JSON.parse(box.querySelector("script").textContent);
  frames[start][2] = image.src.split(",")[1];
  const row = document.createElement("div"), name = document.createElement("label");
  const input = document.createElement("input"), output = document.createElement("output");
  // JupyterLab: leave the keys to the slider (on the input itself, or d d deletes the cell).
  input.setAttribute("data-lm-suppress-shortcuts", "true");
  Object.assign(input, { type: "range", min: 0, max: frames.length - 1, value: start, autocomplete: "off" });
  input.style.cssText = "width: 20em; max-width: 60%; margin: 0 0.6em; vertical-align: middle; cursor: pointer";
  image.style.display = "block";
  output.setAttribute("aria-live", "off"); // the slider itself says its value
  const show = () => {
    const [value, alt, png] = frames[input.value];
    image.src = "data:image/png;base64," + png;
    image.alt = alt;
    output.textContent = value;
    input.setAttribute("aria-valuetext", value);
  };
  input.addEventListener("input", show);
  name.append(label, input);
  row.append(name, output);
  box.prepend(row);
  show();
})();
