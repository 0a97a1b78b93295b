/**
 * Parley for React: hooks over a running engine, and components that can be styled, from a list of conversations to a composer.
 *
 * @example
 * ```tsx
 * import '@parley/react/styles.css'
 *
 * function Chat() {
 *   const { conversations } = useConversations()
 *   return conversations[0] === undefined ? null : <ConversationView conversation={conversations[0]} />
 * }
 * const parley = await createParley({ name: 'Alice' })
 * createRoot(document.body).render(<ParleyProvider parley={parley}><Chat /></ParleyProvider>)
 * ```
 */
export { ParleyProvider } from './provider.tsx'
export type { ParleyProviderProps } from './provider.tsx'
export { useMe, useParley } from './use-parley.ts'
export { useWords } from './use-words.ts'
export { ENGLISH } from './words.ts'
export type { Words } from './words.ts'

export { useConversations } from './hooks/use-conversations.ts'
export type { ConversationsInfo } from './hooks/use-conversations.ts'
export { useConversation, usePresence, useSyncState, useTyping } from './hooks/use-conversation.ts'
export type { ConversationInfo } from './stores/conversation-store.ts'
export { timelineOf, useTimeline } from './hooks/use-timeline.ts'
export type { TimelineHandle, TimelineMoves, TimelineSource } from './hooks/use-timeline.ts'
export type { TimelineState } from './stores/timeline-store.ts'
export { useMessage } from './hooks/use-message.ts'
export { useOwnTyping } from './hooks/use-own-typing.ts'
export type { OwnTyping } from './hooks/use-own-typing.ts'
export { useSeen } from './hooks/use-seen.ts'
export { useComposer } from './hooks/use-composer.ts'
export type { ComposerHandle, ComposerMode } from './hooks/use-composer.ts'
export type { PickedFile } from './hooks/use-picked-files.ts'
export { isPicture } from './hooks/use-picked-files.ts'
export { saveFile, useAttachment } from './hooks/use-attachment.ts'
export type { AttachmentHandle, AttachmentState } from './hooks/use-attachment.ts'
export { useSearch } from './hooks/use-search.ts'
export type { Search, SearchScope } from './hooks/use-search.ts'

export { AttachmentView } from './components/attachment-view.tsx'
export type { AttachmentViewProps } from './components/attachment-view.tsx'
export { Composer } from './components/composer.tsx'
export type { ComposerProps } from './components/composer.tsx'
export { ConversationList } from './components/conversation-list.tsx'
export type { ConversationListProps } from './components/conversation-list.tsx'
export { ConversationView } from './components/conversation-view.tsx'
export type { ConversationViewProps } from './components/conversation-view.tsx'
export { FilePicker } from './components/file-picker.tsx'
export type { FilePickerProps } from './components/file-picker.tsx'
export { MemberList } from './components/member-list.tsx'
export { MessageRow } from './components/message-row.tsx'
export type { MessageRowProps, Permissions, RowPlace } from './components/message-row.tsx'
export { SearchBox } from './components/search-box.tsx'
export type { SearchBoxProps } from './components/search-box.tsx'
export { Timeline } from './components/timeline.tsx'
export type { TimelineProps } from './components/timeline.tsx'
export type { JumpTarget } from './components/use-jumps.ts'
export { Typing } from './components/typing.tsx'

export { Cell } from './support/cell.ts'
export type { Readable } from './support/cell.ts'
export { keep, useKept } from './support/keep.ts'
export { textParts } from './support/links.ts'
export type { TextPart } from './support/links.ts'
export { clockTime, completeTime, dayName } from './support/time.ts'
export { walkByArrows } from './support/walk.ts'
