// Prints what each entry that is named as an argument exports; no player's library is installed.
const entries = process.argv.slice(2).map(async (name) => [name, Object.keys(await import(name))]);
console.log(JSON.stringify(Object.fromEntries(await Promise.all(entries))));
