/** What the server tells the client in the attributes of the script tag. */

import { SCRIPT } from "./constants";
import { find } from "./query";

export const told: DOMStringMap = find(SCRIPT)?.dataset ?? {};
