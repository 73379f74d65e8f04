// What a typed age or birth date means. The same rules as intake/ages.py; tests give both the same cases.
"use strict";
(() => {
  const UNITS = {};
  for (const [unit, words] of Object.entries({
    years: ["", "a", "año", "años", "ano", "anos", "y", "year", "years"],
    months: ["m", "mes", "meses", "month", "months"],
    weeks: ["s", "sem", "semana", "semanas", "w", "week", "weeks"],
    days: ["d", "dia", "dias", "día", "días", "day", "days"],
  })) for (const word of words) UNITS[word] = unit;

  const at = (y, m, d) => new Date(Date.UTC(y, m, d));
  const lastDay = (y, m) => at(y, m + 1, 0).getUTCDate();
  const yearsBetween = (born, day) =>
    day.getUTCFullYear() - born.getUTCFullYear() -
    (day.getUTCMonth() < born.getUTCMonth() || (day.getUTCMonth() === born.getUTCMonth() && day.getUTCDate() < born.getUTCDate()) ? 1 : 0);
  const monthsBetween = (born, day) =>
    (day.getUTCFullYear() - born.getUTCFullYear()) * 12 + day.getUTCMonth() - born.getUTCMonth() - (day.getUTCDate() < born.getUTCDate() ? 1 : 0);

  // Returns {born: Date, precision} or null when it cannot be read.
  function parse(text, today) {
    text = text.trim().toLowerCase().replace(/\s+/g, " ");
    let found = text.match(/^(?:(?:(\d{1,2})[\/.\- ])?(\d{1,2})[\/.\- ])?(\d{4})$/);
    let birth = null;
    if (found) birth = fromDate(found[1] && +found[1], found[2] && +found[2], +found[3], today);
    else if ((found = text.match(/^(\d{1,3})\s*([a-záéíóúñ]*)$/)) && found[2] in UNITS) birth = fromAge(+found[1], UNITS[found[2]], today);
    return birth && yearsBetween(birth.born, today) <= 120 ? birth : null;
  }
  function fromDate(day, month, year, today) {
    if (month !== undefined && month !== "" && !(month >= 1 && month <= 12)) return null;
    if (year < 1000) return null;  // Date.UTC takes 50 for 1950
    if (day !== undefined && day !== "") {
      if (day < 1 || day > lastDay(year, month - 1)) return null;
      const born = at(year, month - 1, day);
      return born > today ? null : {born, precision: "day"};
    }
    const soonest = month ? at(year, month - 1, 1) : at(year, 0, 1);
    if (soonest > today) return null;
    const middle = month ? at(year, month - 1, 15) : at(year, 6, 2);
    return {born: middle > today ? today : middle, precision: month ? "month" : "year"};
  }
  function fromAge(number, unit, today) {
    if (unit === "years" ? number > 120 : number > 999) return null;
    const [y, m, d] = [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()];
    let born;
    if (unit === "years") born = at(y - number, m, Math.min(d, lastDay(y - number, m)));
    else if (unit === "months") {
      const whole = y * 12 + m - number, by = Math.floor(whole / 12), bm = ((whole % 12) + 12) % 12;
      born = at(by, bm, Math.min(d, lastDay(by, bm)));
    } else born = at(y, m, d - number * (unit === "weeks" ? 7 : 1));
    return {born, precision: "age"};
  }
  // "29 years · b. ≈ 1989", in the words the page carries.
  function reading(birth, today, words) {
    const years = yearsBetween(birth.born, today), months = monthsBetween(birth.born, today);
    const said = (n, [one, many]) => `${n} ${n === 1 ? one : many}`;
    const weeks = Math.floor((today - birth.born) / (7 * 24 * 3600e3));
    const age = years >= 1 ? said(years, words.year) : months >= 1 ? said(months, words.month) : said(weeks, words.week);
    const b = birth.born;
    if (birth.precision === "day") return `${age} · ${b.getUTCDate()}/${b.getUTCMonth() + 1}/${b.getUTCFullYear()}`;
    if (birth.precision === "month") return `${age} · ${b.getUTCMonth() + 1}/${b.getUTCFullYear()}`;
    return `${age} · ${words.about} ${b.getUTCFullYear()}`;
  }
  // By the clock of this device, for a page that was kept on it.
  const today = () => { const now = new Date(); return new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10); };
  window.ages = {parse, reading, today, yearsBetween};
})();
