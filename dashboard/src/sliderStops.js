/**
 * The values that the sliders of the lab can have, and their texts. Pure.
 */
import { figure } from './sentences.js';

/** @typedef {'texts_per_second' | 'write_capacity' | 'shards'} SettingName */
/**
 * @typedef {object} Slider
 * @property {SettingName} name
 * @property {string} title
 * @property {number[]} stops
 * @property {(value: number, partitions: number) => string} says
 */

/** @type {Slider[]} */
export const SLIDERS = [
  {
    name: 'texts_per_second',
    title: 'Texts arriving',
    stops: Array.from({ length: 61 }, (_, i) => i * 5),
    says: (value) => (value === 0 ? 'none' : `${figure(value)} a second`),
  },
  {
    name: 'write_capacity',
    title: 'Write capacity',
    stops: [10, 20, 40, 80, 120, 180, 240, 360, 500, 750, 1000, 1500, 2000, 3000],
    says: (value, partitions) => `${figure(value)} a second, ${rateText(value / partitions)} a partition`,
  },
  {
    name: 'shards',
    title: 'Shards',
    stops: [1, 2, 5, 10, 20, 50, 100],
    says: (value) => (value === 1 ? '1: all under one key' : `${value}: spread over ${value} keys`),
  },
];

/** @param {number} rate */
export const rateText = (rate) => figure(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate));

/** @param {number[]} stops @param {number} value @returns {number} index of the stop that is nearest */
export const nearest = (stops, value) =>
  stops.reduce((best, stop, i) => (Math.abs(stop - value) < Math.abs((stops[best] ?? 0) - value) ? i : best), 0);
