/** Opens a chain that may be damaged beyond reading, scrubs it, and prints what it found; dies where it cannot. */
import { openFromArguments } from "./openFromArguments.ts";

const chain = await openFromArguments();
const height = chain.height();
const { fault } = await chain.scrub();
process.stdout.write(JSON.stringify({ height, fault }));
process.exit(0);
