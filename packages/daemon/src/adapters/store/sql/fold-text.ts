/** Folds text for a search: composed (NFC), and without the difference of case. Upper case, because ß and ς have two lower ones. */
export const foldText = (text: string): string => text.normalize('NFC').toUpperCase().normalize('NFC');
