// Goal: the chart never hides a spike, never draws a line through a hole, and never orders time wrongly, however far out it is zoomed.
// Method: the pure part, on records made here whose answer is known, and on random ones against a plain search.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { range, spans, thin, traceOf } from '../dist/verifier.mjs';

const MINUTE = 60_000;
const probe = { low: 2000, high: 8000, interval: MINUTE };
const reading = (time, temperature) => ({ sequence: time / MINUTE, time, outcome: 'Measured', temperature });
const hole = (from, to) => ({ from, to, answer: 'NoData', readings: 0, min: null, max: null, cause: 'PowerLoss' });

test('a single spike among 100,000 readings is drawn at every width', () => {
  const readings = Array.from({ length: 100_000 }, (_, i) => reading(i * MINUTE, i === 77_777 ? 31_415 : i === 12_345 ? -40_000 : 5000 + (i % 7)));
  const trace = traceOf({ readings, intervals: [], probe });
  for (const columns of [1, 100, 320, 1920]) {
    const { times, values } = thin(trace, 0, 100_000 * MINUTE, columns);
    assert.ok(values.includes(31_415) && values.includes(-40_000));
    assert.ok(times.length <= 4 * (columns + 2), `${times.length} points for ${columns} columns`);
    assert.ok(times.every((time, i) => i === 0 || time >= times[i - 1]));
  }
});

test('each column shows its own lowest and highest value: against a plain search', () => {
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const readings = Array.from({ length: 20_000 }, (_, i) => reading(i * MINUTE, random() < 0.1 ? null : Math.round(random() * 40_000 - 10_000)));
  const [from, to, columns] = [3_000 * MINUTE, 15_000 * MINUTE, 300];
  const thinned = thin(traceOf({ readings, intervals: [], probe }), from, to, columns);
  const width = (to - from) / columns;
  for (let column = 0; column < columns; column++) {
    const inside = (time) => time >= from + column * width && time < from + (column + 1) * width;
    const all = readings.filter(({ time, temperature }) => inside(time) && temperature !== null).map(({ temperature }) => temperature);
    const shown = thinned.values.filter((value, i) => value !== null && inside(thinned.times[i]));
    assert.deepEqual([Math.min(...shown), Math.max(...shown)], [Math.min(...all), Math.max(...all)], `column ${column}`);
  }
});

test('few readings are drawn as they are, with one beyond each end', () => {
  const readings = Array.from({ length: 1_000 }, (_, i) => reading(i * MINUTE, 4000 + i));
  const { values } = thin(traceOf({ readings, intervals: [], probe }), 100 * MINUTE, 200 * MINUTE, 50);
  assert.deepEqual(values, readings.slice(99, 202).map(({ temperature }) => temperature));
});

test('the line ends at a hole, at a failed reading, and where the wall clock was stepped back', () => {
  const values = (readings, intervals = []) => traceOf({ readings, intervals, probe }).values;
  assert.deepEqual(values([reading(0, 1), reading(MINUTE, 2), reading(60 * MINUTE, 3)], [hole(2 * MINUTE, 60 * MINUTE)]), [1, 2, null, 3]);
  assert.deepEqual(values([reading(0, 1), reading(MINUTE, null), reading(2 * MINUTE, 3)]), [1, null, 3]);
  assert.deepEqual(values([reading(5 * MINUTE, 1)], [hole(0, 5 * MINUTE)]), [1]);
  const stepped = traceOf({ readings: [reading(0, 1), reading(10 * MINUTE, 2), reading(5 * MINUTE, 3), reading(20 * MINUTE, 4)], intervals: [], probe });
  assert.deepEqual(stepped.values, [1, null, 3, null, 2, null, 4]);
  assert.ok(stepped.times.every((time, i) => i === 0 || time >= stepped.times[i - 1]));
});

test('spans that share a pixel are drawn once, and none is thinner than a pixel', () => {
  const out = Array.from({ length: 10_000 }, (_, i) => ({ ...hole(2 * i, 2 * i + 1), answer: 'OutOfRange' }));
  const drawn = spans(out, 'OutOfRange', (time) => time / 20_000 * 500, 0, 500);
  assert.ok(drawn.length <= 500 && drawn.every(([from, to]) => to - from >= 1));
  assert.deepEqual(spans([hole(0, 1)], 'NoData', () => 3, 0, 500), [[3, 4]]);
  assert.deepEqual(spans([hole(0, 1)], 'OutOfRange', () => 3, 0, 500), []);
});

test('the scale holds every reading, both limits, and what is only claimed', () => {
  assert.deepEqual(range({ readings: [reading(0, 12_345)], intervals: [{ ...hole(0, 1), min: -8_000, max: 3_000 }], probe }), [-9_000, 13_000]);
  const [low, high] = range({ readings: [], intervals: [], probe });
  assert.ok(low < 2_000 && high > 8_000);
});
