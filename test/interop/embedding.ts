import { createParley } from '@parley/chat'

// Alice: a profile is a folder (in a browser, the name of an IndexedDB database).
const alice = await createParley({ profile: './alice', name: 'Alice', listen: ['/ip4/127.0.0.1/tcp/0'] })
const picnic = await alice.createGroup({ title: 'Picnic' })
const inviteLink = await picnic.invite()

// Bob, on another device: he joins by the link and answers what he hears.
const bob = await createParley({ profile: './bob', name: 'Bob' })
const atBob = await bob.join(inviteLink)
await atBob.admitted()
atBob.on('message', (message) => void atBob.sendMessage({ text: `${message.text} Gladly!` }))

// Alice asks, and waits for the answer.
const answer = new Promise<string>((resolve) => picnic.on('message', (message) => resolve(message.text)))
await picnic.sendMessage({ text: 'Saturday at noon?' })
process.stdout.write(`${await answer}\n`)
await Promise.all([alice.close(), bob.close()])
