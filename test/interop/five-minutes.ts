import { createParley, type Message } from '@parley/chat'

const alice = await createParley({ profile: './alice', name: 'Alice', listen: ['/ip4/127.0.0.1/tcp/0'] })
const bob = await createParley({ profile: './bob', name: 'Bob' })

const picnic = await alice.createGroup({ title: 'Picnic', metadata: { place: 'park' } })
const link = await picnic.invite()

const atBob = await bob.join(link)
await atBob.admitted()
console.log(`Bob is in ${atBob.getTitle()}, with ${atBob.getMembers().length} members`)

atBob.on('message', async (message) => {
  if (message.text === '') return
  console.log(`Bob reads: ${message.text}`)
  await atBob.seen(message.id)
  await atBob.sendMessage({ text: 'Gladly!', replyTo: message.id })
})

const answer = new Promise((resolve) => picnic.on('message', resolve))
const question = await picnic.sendMessage({ text: 'Saturday at noon?' })
await answer
console.log(`Alice has: ${(await picnic.getMessages()).messages.map(({ author, text }) => `${author.name}: ${text}`).join(' / ')}`)

const arrived = new Promise<Message>((resolve) => atBob.on('message', resolve))
await picnic.updateMessage(question.id, { text: 'Saturday at one?' })
await picnic.sendMessage({ file: { bytes: new TextEncoder().encode('bread, cheese'), name: 'list.txt', type: 'text/plain' } })

const [list] = (await arrived).attachments
console.log(`Bob brings: ${await (await list!.blob()).text()}`)

await Promise.all([alice.close(), bob.close()])
