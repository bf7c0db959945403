import type { ChannelVerdict } from '../verdict.ts';

const KELVIN = 273.15;
/** ΔH/R for ΔH = 83.144 kJ/mol, in kelvin. */
const DELTA_H_OVER_R = 10_000;

/** In milli-degrees Celsius; information, never a release verdict. */
export interface Statistics { min: number; max: number; mean: number; kinetic: number }

/** Each reading counts until the next, for at most two intervals; a gap counts for nothing. Null when nothing was measured. */
export function statistics({ readings, probe }: ChannelVerdict): Statistics | null {
  let [min, max, time, sum, rate] = [Infinity, -Infinity, 0, 0, 0];
  for (const [i, { temperature, time: from }] of readings.entries()) {
    if (temperature === null) continue;
    const weight = Math.min((readings[i + 1]?.time ?? from + probe.interval) - from, 2 * probe.interval);
    min = Math.min(min, temperature);
    max = Math.max(max, temperature);
    if (weight <= 0) continue; // The wall clock was stepped back here.
    time += weight;
    sum += weight * temperature;
    rate += weight * Math.exp(-DELTA_H_OVER_R / (temperature / 1000 + KELVIN));
  }
  return time === 0 ? null : { min, max, mean: sum / time, kinetic: 1000 * (DELTA_H_OVER_R / -Math.log(rate / time) - KELVIN) };
}
