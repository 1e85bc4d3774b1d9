/** Which relays are our own: those of the configuration, and what the owner added or took away while we ran. */
export interface RelayList {
  /** Those in use now, in their order. */
  urls(): readonly string[];
  /**
   * Resolves when it is on disk. A relay that is on the list already stays where it is.
   * @param url in its normal form
   * @returns whether it was new
   */
  add(url: string): Promise<boolean>;
  /** @returns whether it was there */
  remove(url: string): Promise<boolean>;
}
