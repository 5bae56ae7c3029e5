/** How a disk that our boot loader reads may be held; block devices are `raw`. */
export const bootDiskFormats = ['raw', 'qcow2', 'vhd'] as const
