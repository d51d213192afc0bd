// How numbers are written in the decoding panel: fixed digits, so that columns stand still while a slider moves.

/** 6.64, −35.20, −∞ */
export const decimal = (v) => (v === -Infinity ? "−∞" : v.toFixed(2).replace("-", "−"));

/** 0.275, 0.0004, 3e-9, 0 */
export const probability = (p) => (p === 0 ? "0" : p >= 0.00095 ? p.toFixed(3) : p >= 0.000095 ? p.toFixed(4) : p.toExponential(0));
