/** A chat with React: conversations on one side, the open one beside them. */
import { createParley, type Conversation, type Message } from '@parley/chat'
import {
  ConversationList,
  ConversationView,
  MemberList,
  ParleyProvider,
  SearchBox,
  useConversation,
  useConversations,
  useParley,
} from '@parley/react'
import '@parley/react/styles.css'
import { useState, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import './main.css'

function Chat(): ReactNode {
  const parley = useParley()
  const { conversations } = useConversations()
  const [chosen, setChosen] = useState<Conversation>()
  const open = chosen ?? conversations[0]
  const create = async (): Promise<void> => setChosen(await parley.createGroup({ title: prompt('What is it about?') || 'Chat' }))
  return (
    <>
      <aside aria-label="Yours">
        <h1>Chat</h1>
        <button type="button" onClick={() => void create()}>
          New group
        </button>
        <ConversationList selected={open} onSelect={setChosen} />
      </aside>
      {open !== undefined && <Open key={open.getId()} conversation={open} />}
    </>
  )
}

function Open({ conversation }: { conversation: Conversation }): ReactNode {
  const { role } = useConversation(conversation)
  const [target, setTarget] = useState<Message>()
  const [link, setLink] = useState('')
  return (
    <>
      <main>
        <ConversationView conversation={conversation} target={target} />
      </main>
      <aside aria-label="About this one">
        <SearchBox within={conversation} onPick={setTarget} />
        <MemberList conversation={conversation} />
        {role === 'founder' && (
          <button type="button" onClick={() => void conversation.invite({ base: location.href, uses: 20 }).then(setLink)}>
            Invite people
          </button>
        )}
        {link !== '' && <a href={link}>Open this in another browser</a>}
      </aside>
    </>
  )
}

const rendezvous = new URLSearchParams(location.search).get('rendezvous') ?? 'ws://127.0.0.1:4444'
const name = (localStorage['name'] ??= prompt('Your name?') || 'Somebody') as string
const parley = await createParley({ name, rendezvous: [rendezvous] })
if (location.hash.length > 1) {
  await parley.join(location.href)
  history.replaceState(null, '', location.pathname + location.search)
}
createRoot(document.getElementById('app')!).render(
  <ParleyProvider parley={parley}>
    <Chat />
  </ParleyProvider>,
)
