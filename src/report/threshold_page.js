// SPDX-License-Identifier: Apache-2.0
// The slider of the threshold page.
'use strict';

addEventListener('DOMContentLoaded', () => {
  const EACH_SIDE = 6; // pairs shown above and below the threshold
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId('data').textContent);
  const number = new Intl.NumberFormat('en');
  const slider = byId('threshold');
  const [min, max] = [Number(slider.min), Number(slider.max)];

  /** How many entries of a descending list are at least `value`. */
  const countAtLeast = (list, value) => {
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] >= value) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const picture = ([name, link, bytes]) => {
    const frame = document.createElement(link ? 'a' : 'span');
    frame.className = 'image';
    frame.title = name;
    if (link) frame.href = link;
    if (bytes) {
      const image = document.createElement('img');
      image.src = `data:image/jpeg;base64,${bytes}`;
      image.alt = name;
      frame.append(image);
    } else {
      frame.append(name);
    }
    return frame;
  };

  const tile = ([similarity, left, right]) => {
    const item = document.createElement('li');
    const frames = document.createElement('div');
    frames.append(picture(data.items[left]), picture(data.items[right]));
    const caption = document.createElement('p');
    const value = document.createElement('b');
    value.append(similarity.toFixed(4));
    const file = (place) => data.items[place][0].replace(/^.*\//, '');
    caption.append(value, ` ${file(left)}, ${file(right)}`);
    item.append(frames, caption);
    return item;
  };

  const similarities = data.examples.map(([similarity]) => similarity);
  const counts = ['groups', 'grouped', 'largest'];
  const expected = (pairs) => {
    const value = pairs * data.scale;
    return number.format(data.scale === 1 || value < 10 ? Math.round(value) : Number(value.toPrecision(2)));
  };

  const show = () => {
    const threshold = Number(slider.value);
    byId('value').value = String(Math.round(threshold * 1e4) / 1e4);
    slider.setAttribute('aria-valuetext', byId('value').value);
    const reached = countAtLeast(data.t, threshold);
    for (const name of counts) {
      const value = reached === 0 ? 0 : data[name][reached - 1];
      const share = name === 'grouped' && data.sampled > 0 ? ` (${Math.floor((100 * value) / data.sampled)}%)` : '';
      byId(name).textContent = number.format(value) + share;
    }
    const counted = countAtLeast(data.counted, threshold);
    byId('pairs').textContent = expected(counted === 0 ? 0 : data.pairs[counted - 1]);
    const place = (threshold - min) / (max - min);
    byId('needle').style.left = `${100 * (data.left + (data.right - data.left) * place)}%`;
    const border = countAtLeast(similarities, threshold);
    const above = data.examples.slice(Math.max(0, border - EACH_SIDE), border).reverse();
    const below = data.examples.slice(border, border + EACH_SIDE);
    byId('above').replaceChildren(...above.map(tile));
    byId('below').replaceChildren(...below.map(tile));
  };

  const move = (threshold) => {
    slider.value = String(threshold);
    show();
  };
  slider.addEventListener('input', show);
  // Keys go from one change of the groups to the next: every threshold that matters, none twice.
  slider.addEventListener('keydown', (event) => {
    const up = event.key === 'ArrowRight' || event.key === 'ArrowUp';
    if (!up && event.key !== 'ArrowLeft' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    const threshold = Number(slider.value);
    const reached = countAtLeast(data.t, threshold);
    const above = data.t[reached - 1] > threshold ? reached - 1 : reached - 2;
    const next = up ? data.t[above] : data.t[reached];
    move(next ?? (up ? max : min));
  });
  byId('advised').addEventListener('click', () => move(data.advice));

  for (const hidden of document.querySelectorAll('.slider, .facts, .sides, #needle')) hidden.hidden = false;
  show();
});
