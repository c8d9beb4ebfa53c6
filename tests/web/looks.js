// Measured inside a page: what a person with tired eyes or a thumb would stumble on.
// Returns sentences; none is good.

() => {
  const found = [];
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)];
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const groundOf = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".visually-hidden, .qr");

  const width = document.documentElement.scrollWidth - innerWidth;
  if (width > 0) found.push(`the page is ${width} px too wide`);

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !seen(element) || element.closest("script, noscript, option")) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const ground = groundOf(element);
    const ratio = contrast(over(parse(style.color), ground), ground);
    const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 600) ? 3 : 4.5;
    if (ratio < needed) found.push(`${ratio.toFixed(2)} for "${node.textContent.trim().slice(0, 40)}"`);
    if (size < 15) found.push(`${size} px for "${node.textContent.trim().slice(0, 40)}"`);
  }
  for (const element of document.querySelectorAll("button, select, textarea, .button, .choice, input:not([type=hidden], [type=radio], [type=checkbox])")) {
    const { height } = element.getBoundingClientRect();
    if (seen(element) && height < 43.5) found.push(`${height} px high: ${element.outerHTML.slice(0, 60)}`);
  }
  for (const field of document.querySelectorAll("input:not([type=hidden], [type=radio]), select, textarea")) {
    if (!seen(field)) continue;
    const around = groundOf(field.parentElement);
    if (contrast(parse(getComputedStyle(field).borderTopColor), around) < 3) found.push(`pale border: ${field.name}`);
  }
  return found;
};
