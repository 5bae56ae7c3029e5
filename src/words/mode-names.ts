/**
 * The names of the modes, as files, the API and the CLI spell them. What a mode is stands in src/modes;
 * nothing outside that folder compares these names.
 */

/** A mode a guest can run in; pv-in-pvh is a PV guest inside Xen's shim, which itself is a PVH guest. */
export const modeNames = ['pv', 'pvh', 'hvm', 'pvhvm', 'pv-in-pvh'] as const
export type ModeName = (typeof modeNames)[number]

/** What a definition may ask for: a mode, or `auto` to have it chosen at each start. */
export const configuredModes = ['auto', ...modeNames] as const
export type ConfiguredMode = (typeof configuredModes)[number]
