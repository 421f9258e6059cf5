/** Opens what works and what does not. */
export const DOCTOR = 'escape-vre:doctor';
