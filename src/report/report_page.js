// SPDX-License-Identifier: Apache-2.0
// What the report does beyond showing itself: search, order, lists of names in pages, themes, keys.
'use strict';

(() => {
  const root = document.documentElement;
  const PAGE = 100; // names in a page of a list
  const GROUPS = 50; // groups in a page of those without pictures
  const MATCHES = 24; // matching names shown under a group's heading
  const SHARED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const BYTE = /[\udc80-\udcff]/gu; // a byte that is not UTF-8, as html_report_data.cpp writes it
  const number = new Intl.NumberFormat('en');

  // Choices outlive the page where the browser allows it; from file:// it may not.
  const remember = (key, value) => {
    try {
      localStorage.setItem(`simile-report-${key}`, value);
    } catch {}
  };
  const remembered = (key) => {
    try {
      return localStorage.getItem(`simile-report-${key}`);
    } catch {
      return null;
    }
  };

  const setTheme = (theme) => {
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  };
  const setZoom = (pixels) => {
    if (pixels >= 72 && pixels <= 216) root.style.setProperty('--tile', `${pixels}px`);
  };
  // At once, in the head, so that the page never shows itself in another theme first.
  setTheme(remembered('theme'));
  setZoom(Number(remembered('zoom')));

  // ---- Names and links

  let data; // read when first asked for: the page opens without it
  const read = () => (data ??= JSON.parse(document.getElementById('data').textContent));

  const decoded = new WeakMap();
  /** Names of a list [size, front-coded names, details]. */
  const namesOf = (list) => {
    let names = decoded.get(list);
    if (!names) {
      let previous = '';
      names = list[1].map((coded) => (previous = previous.slice(0, SHARED.indexOf(coded[0])) + coded.slice(1)));
      decoded.set(list, names);
    }
    return names;
  };

  const hex = (code) => `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  const byteHex = (character) => hex(character.charCodeAt(0) - 0xdc00);
  // Control characters, and those that reverse the reading direction, show as what they are.
  const readable = (name) =>
    // eslint-disable-next-line no-control-regex
    name.replace(BYTE, byteHex).replace(/[\0-\x1f\x7f\u202a-\u202e\u2066-\u2069]/g, encodeURIComponent);
  const isByte = (character) => character >= '\udc80' && character <= '\udcff' && character.length === 1;
  const encodeCharacter = (character) => {
    if (character === '/') return character;
    if (isByte(character)) return byteHex(character);
    return encodeURIComponent(character).replace(/[!'()*]/g, (c) => hex(c.charCodeAt(0)));
  };
  const linkTo = (name) => (name.startsWith('/') ? 'file://' : read().link) + Array.from(name, encodeCharacter).join('');

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const nameElement = (name) => {
    const text = readable(name);
    if (!read().link) return element('span', { className: 'name', textContent: text });
    return element('a', { className: 'name', href: linkTo(name), target: '_blank', rel: 'noopener', textContent: text });
  };
  const score = (units) => (units === 10000 ? '1' : units == null ? '–' : (units / 10000).toFixed(4));
  const nameRow = (list, index) => {
    const row = element('li', {}, nameElement(namesOf(list)[index]));
    if (list[2].length) row.append(element('span', { className: 'score', textContent: score(list[2][index]) }));
    return row;
  };

  const listOf = (key) => {
    const all = read();
    return (key === 'outliers' ? all.outliers : all.groups[Number(key)]) ?? [0, [], []];
  };

  // ---- Pages

  /** Fills `place` with pages of `count` things, `size` a page; `render(from, to)` makes one, `rest` is said after all. */
  const paged = (place, count, size, render, rest = '') => {
    const pages = Math.max(1, Math.ceil(count / size));
    const body = element('div');
    const previous = element('button', { type: 'button', textContent: 'Previous' });
    const next = element('button', { type: 'button', textContent: 'Next' });
    const field = element('input', { type: 'number', min: 1, max: pages, ariaLabel: 'Page' });
    let page = 0;
    const show = (wanted) => {
      page = Math.min(Math.max(wanted, 0), pages - 1);
      body.replaceChildren(...(count ? [render(page * size, Math.min(count, (page + 1) * size))] : []));
      field.value = page + 1;
      previous.disabled = page === 0;
      next.disabled = page === pages - 1;
    };
    previous.onclick = () => show(page - 1);
    next.onclick = () => show(page + 1);
    field.onchange = () => show(Math.round(Number(field.value) || 1) - 1);
    const bar = element('div', { className: 'pager' });
    if (pages > 1) bar.append(previous, element('label', {}, 'Page ', field, ` of ${number.format(pages)}`), next);
    if (rest) bar.append(element('span', { textContent: rest }));
    show(0);
    place.replaceChildren(body, bar);
  };

  const leftOver = (count, file) => (count > 0 ? `and ${number.format(count)} more in ${file}` : '');

  const showNames = (details) => {
    const list = listOf(details.dataset.list);
    const total = details.dataset.list === 'outliers' ? read().outliers[0] : Number(sizeOf(details));
    const listed = list[1].length;
    const from = Math.min(Number(details.dataset.from), listed);
    const place = details.querySelector('div') ?? details.appendChild(element('div'));
    const render = (begin, end) => {
      const rows = element('ul', { className: 'names' });
      for (let i = begin; i < end; ++i) rows.append(nameRow(list, from + i));
      return rows;
    };
    const unlisted = total - Math.max(listed, Number(details.dataset.from));
    paged(place, listed - from, PAGE, render, leftOver(unlisted, 'clusters.csv'));
  };
  const sizeOf = (details) => details.closest('.group').dataset.size;

  const furtherRow = (group, matching) => {
    const list = read().groups[group];
    const shown = (matching ?? [...list[1].keys()]).slice(0, MATCHES);
    const row = element('li', {}, element('b', { textContent: `Group ${group}` }));
    row.append(...shown.map((index) => nameElement(namesOf(list)[index])));
    const rest = (matching ? matching.length : list[0]) - shown.length;
    if (rest > 0) row.append(element('span', { className: 'quiet', textContent: `and ${number.format(rest)} more` }));
    return row;
  };
  /** The groups without pictures; with `matches` (group -> indices) only those. */
  const showFurther = (matches) => {
    const section = document.getElementById('further');
    if (!section) return;
    const { sections, groups, total } = read();
    const wanted = [];
    for (let group = sections; group < groups.length; ++group) {
      if (!matches || matches.has(group)) wanted.push(group);
    }
    section.hidden = Boolean(matches) && wanted.length === 0;
    const render = (begin, end) =>
      element('ul', { className: 'rows' }, ...wanted.slice(begin, end).map((g) => furtherRow(g, matches?.get(g))));
    const rest = matches ? 0 : total - Math.max(sections, groups.length);
    paged(document.getElementById('further-list'), wanted.length, GROUPS, render, leftOver(rest, 'clusters.csv'));
  };

  const showUnreadable = () => {
    const place = document.getElementById('unreadable-pages');
    if (!place) return;
    const table = document.querySelector('.unreadable tbody');
    const list = read().unreadable;
    const render = (begin, end) => {
      const cell = (text, className = '') => element('td', { textContent: readable(text), className });
      const rows = [];
      for (let i = begin; i < end; ++i) rows.push(element('tr', {}, cell(namesOf(list)[i], 'name'), cell(list[2][i])));
      table.replaceChildren(...rows);
      return '';
    };
    if (list[1].length <= table.rows.length) {
      place.append(element('p', { className: 'pager', textContent: leftOver(list[0] - table.rows.length, 'unreadable.csv') }));
    } else {
      paged(place, list[1].length, PAGE, render, leftOver(list[0] - list[1].length, 'unreadable.csv'));
    }
  };

  // ---- Search

  const indicesMatching = (list, pattern) => {
    const indices = [];
    namesOf(list).forEach((name, index) => pattern.test(name) && indices.push(index));
    return indices;
  };

  const showMatches = (section, list, indices) => {
    section.querySelector('.matches')?.remove();
    section.hidden = indices?.length === 0;
    const tiles = section.querySelectorAll('.tiles > li');
    if (!indices) {
      tiles.forEach((tile) => tile.classList.remove('dimmed'));
      return;
    }
    const matching = new Set(indices);
    tiles.forEach((tile, index) => tile.classList.toggle('dimmed', !matching.has(index)));
    const beyond = indices.filter((index) => index >= tiles.length);
    if (section.hidden || beyond.length === 0) return;
    const rows = element('ul', { className: 'names' }, ...beyond.slice(0, MATCHES).map((index) => nameRow(list, index)));
    const rest = beyond.length - MATCHES;
    const more = element('p', { className: 'quiet', textContent: rest > 0 ? `and ${number.format(rest)} more match` : '' });
    section.querySelector('.tiles').before(element('div', { className: 'matches' }, rows, more));
  };

  const counted = (count, one, many) => `${number.format(count)} ${count === 1 ? one : many}`;

  const search = (text) => {
    const output = document.getElementById('found');
    const sections = document.querySelectorAll('.group');
    const query = text.trim();
    if (!query) {
      sections.forEach((section) => showMatches(section));
      showFurther();
      output.textContent = '';
      return;
    }
    const pattern = new RegExp(query.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'iu');
    const matches = new Map();
    let images = 0;
    read().groups.forEach((list, group) => {
      const indices = indicesMatching(list, pattern);
      if (indices.length) matches.set(group, indices);
      images += indices.length;
    });
    const outliers = indicesMatching(read().outliers, pattern);
    sections.forEach((section) => {
      const key = section.dataset.list;
      showMatches(section, listOf(key), key === 'outliers' ? outliers : (matches.get(Number(key)) ?? []));
    });
    showFurther(matches);
    const parts = [];
    if (images) parts.push(`${counted(images, 'image', 'images')} in ${counted(matches.size, 'group', 'groups')}`);
    if (outliers.length) parts.push(counted(outliers.length, 'outlier', 'outliers'));
    output.textContent = parts.length ? parts.join(', ') : `No file name has “${query}” in it`;
  };

  // ---- Order

  const orders = {
    largest: (a, b) => Number(a.list) - Number(b.list),
    smallest: (a, b) => Number(a.size) - Number(b.size) || Number(a.list) - Number(b.list),
    loosest: (a, b) => Number(a.lowest) - Number(b.lowest) || Number(a.list) - Number(b.list),
    mixed: (a, b) => (a.purity ?? 2) - (b.purity ?? 2) || Number(a.list) - Number(b.list),
    pure: (a, b) => (b.purity ?? -1) - (a.purity ?? -1) || Number(a.list) - Number(b.list),
  };
  const order = (by) => {
    const list = document.getElementById('list');
    list.append(...[...list.children].sort((a, b) => orders[by](a.dataset, b.dataset)));
  };

  // ---- Keys

  const groupOf = (node) => node?.closest?.('.group, .further');
  const visibleGroups = () => [...document.querySelectorAll('.group, .further')].filter((group) => !group.hidden);
  const focusGroup = (group) => {
    group.focus({ preventScroll: true });
    group.scrollIntoView({ block: 'start' });
    // Once more when the groups above, whose heights were guesses until they came into view, have been laid out.
    requestAnimationFrame(() => requestAnimationFrame(() => group.scrollIntoView({ block: 'start' })));
  };
  const stepGroup = (by) => {
    const groups = visibleGroups();
    if (!groups.length) return;
    let at = groups.indexOf(groupOf(document.activeElement));
    if (at < 0) {
      // From what is being looked at, not from the top.
      const below = groups.findIndex((group) => group.getBoundingClientRect().bottom > 160);
      at = (below < 0 ? groups.length : below) - (by > 0 ? 1 : 0);
    }
    focusGroup(groups[Math.min(Math.max(at + by, 0), groups.length - 1)]);
  };
  const stepTile = (by) => {
    const group = groupOf(document.activeElement) ?? visibleGroups()[0];
    const tiles = [...(group?.querySelectorAll('.tile') ?? [])];
    const at = tiles.indexOf(document.activeElement);
    tiles[at < 0 ? (by > 0 ? 0 : tiles.length - 1) : Math.min(Math.max(at + by, 0), tiles.length - 1)]?.focus();
  };
  const toggleNames = () => {
    const details = groupOf(document.activeElement)?.querySelector('details');
    if (details) details.open = !details.open;
  };
  const openGroup = () => {
    const group = document.activeElement;
    if (group.matches?.('.group')) group.querySelector('a.tile')?.click();
  };

  const toggleTheme = () => {
    const dark = root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
    setTheme(dark === 'dark' ? 'light' : 'dark');
    remember('theme', root.dataset.theme);
  };

  const startKeys = (find, keys) => {
    const actions = {
      '/': () => find.select(),
      j: () => stepGroup(1),
      k: () => stepGroup(-1),
      ArrowRight: () => stepTile(1),
      ArrowLeft: () => stepTile(-1),
      m: toggleNames,
      t: toggleTheme,
      '?': () => keys.showModal(),
    };
    document.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
      if (event.target === find) {
        if (event.key === 'Escape') {
          find.value = '';
          search('');
          find.blur();
        } else if (event.key === 'Enter') {
          search(find.value);
          if (visibleGroups()[0]) focusGroup(visibleGroups()[0]);
        }
        return;
      }
      if (event.target.matches?.('input, select, textarea')) return;
      if (event.key === 'Enter') {
        openGroup();
      } else if (Object.hasOwn(actions, event.key)) {
        event.preventDefault();
        actions[event.key]();
      }
    });
  };

  document.addEventListener('DOMContentLoaded', () => {
    showUnreadable();
    showFurther();
    document.addEventListener('toggle', ({ target }) => target.open && target.matches('.more') && showNames(target), true);
    const toolbar = document.querySelector('.toolbar');
    if (!toolbar) return;
    toolbar.hidden = false;

    const find = document.getElementById('find');
    let waiting;
    find.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => search(find.value), 120);
    });
    const sort = document.getElementById('sort');
    sort.addEventListener('change', () => order(sort.value));
    const zoom = document.getElementById('zoom');
    zoom.value = remembered('zoom') ?? zoom.value;
    zoom.addEventListener('input', () => setZoom(Number(zoom.value)));
    zoom.addEventListener('change', () => remember('zoom', zoom.value));
    document.getElementById('theme').addEventListener('click', toggleTheme);

    const keys = document.getElementById('keys');
    document.getElementById('help').addEventListener('click', () => keys.showModal());
    startKeys(find, keys);
  });
})();
