/** German: settings, devices, recovery, and errors. */
export const settings = {
  'Your profile': 'Dein Profil',
  'Add a picture': 'Bild hinzufügen',
  'Change picture': 'Bild ändern',
  'Remove it': 'Entfernen',
  'Members of your groups see it.': 'Mitglieder deiner Gruppen sehen ihn.',
  'This browser cannot read that picture. Take a JPEG or PNG.': 'Dieser Browser kann das Bild nicht lesen. Nimm ein JPEG oder PNG.',
  'That picture has too much in it to be made small. Take a simpler one.':
    'In diesem Bild ist zu viel, um es klein zu machen. Nimm ein einfacheres.',
  Look: 'Aussehen',
  Theme: 'Farben',
  System: 'System',
  Light: 'Hell',
  Dark: 'Dunkel',
  Language: 'Sprache',
  Notifications: 'Benachrichtigungen',
  'Tell me of new messages': 'Neue Nachrichten melden',
  'While Parley is open and you look at something else. Muted conversations stay silent.':
    'Solange Parley offen ist und du etwas anderes ansiehst. Stumme Gespräche bleiben still.',
  'While Parley is open and you look at something else. The browser asks you once.':
    'Solange Parley offen ist und du etwas anderes ansiehst. Der Browser fragt dich einmal.',
  'You told this browser no. Its settings for this page can change that.':
    'Du hast diesem Browser Nein gesagt. Seine Einstellungen für diese Seite können das ändern.',
  'This browser has no notifications.': 'Dieser Browser hat keine Benachrichtigungen.',
  Privacy: 'Privatsphäre',
  'Tell others what you have read': 'Anderen sagen, was du gelesen hast',
  'When it is off, nobody sees whether you have read their messages. You still see whether they have read yours.':
    'Ist das aus, sieht niemand, ob du Nachrichten gelesen hast. Du siehst weiterhin, ob deine gelesen sind.',
  Devices: 'Geräte',
  'Your devices': 'Deine Geräte',
  'Only this one': 'Nur dieses',
  '{count} devices': '{count} Geräte',
  'Recovery phrase': 'Wörter zur Rettung',
  'None yet: without one, losing all devices is losing everything': 'Noch keine: Ohne sie ist mit allen Geräten alles verloren',
  'You have one on paper': 'Du hast sie auf Papier',
  Storage: 'Speicher',
  'Looking at the disk…': 'Der Speicher wird angesehen…',
  '{used} of {quota} used, by everything that Parley keeps in this browser.':
    '{used} von {quota} belegt, von allem, was Parley in diesem Browser aufbewahrt.',
  'Storage used': 'Belegter Speicher',
  'The browser keeps it until you delete it.': 'Der Browser bewahrt es auf, bis du es löschst.',
  'When the disk is full, the browser may clear it. Nobody could bring back what only you have.':
    'Ist der Speicher voll, darf der Browser es löschen. Was nur du hast, könnte niemand zurückbringen.',
  'Ask the browser to keep it': 'Den Browser bitten, es zu behalten',
  'The browser did not promise it. Installing Parley as an app, or allowing notifications, usually changes its mind.':
    'Der Browser hat es nicht versprochen. Parley als App zu installieren oder Benachrichtigungen zu erlauben, stimmt ihn meist um.',
  'From a file that was exported before': 'Aus einer früher exportierten Datei',
  'Delete everything': 'Alles löschen',
  'Your identity, conversations and files, from this browser': 'Deine Identität, Gespräche und Dateien aus diesem Browser',
  'Delete everything here?': 'Hier alles löschen?',
  'Your identity, your conversations, your messages and files are erased from this browser. Nobody can bring them back here, and it cannot be undone.':
    'Deine Identität, deine Gespräche, deine Nachrichten und Dateien werden aus diesem Browser gelöscht. Niemand kann sie hierher zurückbringen, und es lässt sich nicht rückgängig machen.',
  'Others keep what you wrote, and go on seeing you among their members. To be gone there too, leave your groups first.':
    'Andere behalten, was du geschrieben hast, und sehen dich weiter unter den Mitgliedern. Um auch dort weg zu sein, verlass zuerst deine Gruppen.',
  'Your other devices go on without this one, and keep your conversations.':
    'Deine anderen Geräte machen ohne dieses weiter und behalten deine Gespräche.',
  'This is your only device. Your 24 words can bring back what other members still hold.':
    'Das ist dein einziges Gerät. Deine 24 Wörter können zurückbringen, was andere Mitglieder noch haben.',
  'This is your only device and you have no recovery phrase: nobody can be you again afterwards.':
    'Das ist dein einziges Gerät, und du hast keine Wörter zur Rettung: Danach kann niemand mehr du sein.',
  'Yes, delete all of it': 'Ja, alles löschen',
  'Parley is open in another tab. Close it first; nothing was erased.':
    'Parley ist in einem anderen Tab offen. Schließ ihn zuerst; nichts wurde gelöscht.',
  'Your id': 'Deine Kennung',
  'Made on this device. Names can be alike, ids cannot.': 'Auf diesem Gerät entstanden. Namen können gleich sein, Kennungen nicht.',
  'Copy id': 'Kennung kopieren',
  'Id copied': 'Kennung kopiert',
  'Your id is on the clipboard': 'Deine Kennung ist in der Zwischenablage',
  'Add a device': 'Gerät hinzufügen',
  'Making a code…': 'Ein Code entsteht…',
  'Scan this with the new device, or open the link there. It is good for one device, and only for a few minutes.':
    'Scanne das mit dem neuen Gerät, oder öffne den Link dort. Es gilt für ein Gerät und nur für ein paar Minuten.',
  'Link for the new device as a QR code': 'Link für das neue Gerät als QR-Code',
  'Link for the new device': 'Link für das neue Gerät',
  'Give it to nobody else: it is for you alone.': 'Gib ihn niemandem sonst: Er ist nur für dich.',
  '{device} wants to be yours. Does it show the same digits?': '{device} möchte deins werden. Zeigt es dieselben Ziffern?',
  'A device': 'Ein Gerät',
  'When they differ, somebody else opened the link.': 'Sind sie verschieden, hat jemand anderes den Link geöffnet.',
  'They differ': 'Sie sind verschieden',
  'They are the same': 'Sie sind gleich',
  'Adding it to your conversations…': 'Es kommt in deine Gespräche…',
  'The device is yours now. It fetches your conversations while both are online.':
    'Das Gerät ist jetzt deins. Es holt deine Gespräche, solange beide online sind.',
  'Removed devices ({count})': 'Entfernte Geräte ({count})',
  'Removed devices': 'Entfernte Geräte',
  'Remove this device?': 'Dieses Gerät entfernen?',
  '{device} is cut off from every conversation: it reads nothing that is said from now on, and nobody shows what it writes. What it holds already stays on it. It can never come back; add it anew if you find it.':
    '{device} wird von jedem Gespräch abgeschnitten: Es liest nichts, was ab jetzt gesagt wird, und niemand zeigt, was es schreibt. Was es schon hat, bleibt darauf. Es kann nie zurückkommen; nimm es neu auf, wenn du es findest.',
  'This device': 'Dieses Gerät',
  'Added {day}': 'Hinzugefügt: {day}',
  'Removed {day}': 'Entfernt: {day}',
  Rename: 'Umbenennen',
  'Rename the device': 'Das Gerät umbenennen',
  'Name of the device': 'Name des Geräts',
  'People in your conversations may see it.': 'Leute in deinen Gesprächen können ihn sehen.',
  'A device without a name': 'Ein Gerät ohne Namen',
  Browser: 'Browser',
  '{browser} on {system}': '{browser} auf {system}',
  '24 words on paper bring you back when all your devices are lost: your name, your groups, and what other members still hold. Whoever has the words is you, so keep them where you keep a key.':
    '24 Wörter auf Papier bringen dich zurück, wenn alle deine Geräte verloren sind: deinen Namen, deine Gruppen und was andere Mitglieder noch haben. Wer die Wörter hat, ist du; bewahre sie auf wie einen Schlüssel.',
  'There is a phrase, made on this day: {day}. It cannot be shown again. A new one takes its place, and the old words stop working.':
    'Es gibt Wörter, von diesem Tag: {day}. Sie lassen sich nicht noch einmal zeigen. Neue treten an ihre Stelle, und die alten gelten nicht mehr.',
  'Make the words': 'Wörter machen',
  'Make new words': 'Neue Wörter machen',
  'Write these words down in their order. They are shown this once, and kept nowhere.':
    'Schreib diese Wörter in ihrer Reihenfolge auf. Sie erscheinen nur dieses eine Mal und werden nirgends aufbewahrt.',
  'The words': 'Die Wörter',
  'I have written them down': 'Ich habe sie aufgeschrieben',
  'Your recovery phrase is ready. Keep the paper safe.': 'Deine Wörter zur Rettung gelten. Bewahre den Zettel gut auf.',
  'Look at your paper: which words are these?': 'Sieh auf deinen Zettel: Welche Wörter sind das?',
  'Word {number}': 'Wort {number}',
  'Not this one. Look again.': 'Das ist es nicht. Sieh noch einmal nach.',
  'Show them again': 'Noch einmal zeigen',
  Check: 'Prüfen',
  'The codes did not match, or the other device gave up. Nothing was added.':
    'Die Ziffern waren verschieden, oder das andere Gerät hat aufgegeben. Nichts wurde hinzugefügt.',
  'The other device did not come in time. Nothing was added.': 'Das andere Gerät kam nicht rechtzeitig. Nichts wurde hinzugefügt.',
  'You have as many devices as there can be. Remove one first.': 'Du hast so viele Geräte, wie es geben kann. Entferne zuerst eines.',
  'The connection broke off. Nothing was added.': 'Die Verbindung brach ab. Nichts wurde hinzugefügt.',
  'Stopped.': 'Angehalten.',
  'This file is no exported conversation, or it is damaged. Nothing of it was taken.':
    'Diese Datei ist kein exportiertes Gespräch, oder sie ist beschädigt. Nichts davon wurde übernommen.',
  'This file cannot be had any more: it was deleted, or what came of it is broken. Ask for it again.':
    'Diese Datei ist nicht mehr zu haben: Sie wurde gelöscht, oder was davon kam, ist beschädigt. Bitte noch einmal darum.',
  'This is not a complete card. Copy the whole card and try again, or ask for a new one.':
    'Das ist keine vollständige Karte. Kopiere die ganze und versuch es noch einmal, oder bitte um eine neue.',
  'Parley was closed in this tab. Reload the page to go on.':
    'Parley wurde in diesem Tab geschlossen. Lade die Seite neu, um weiterzumachen.',
  'This person is not among your contacts. Ask for their card and add it first.':
    'Diese Person ist nicht unter deinen Kontakten. Bitte zuerst um ihre Karte, und füg sie hinzu.',
  'Something went wrong inside of Parley. Reload the page and try again.':
    'In Parley selbst ging etwas schief. Lade die Seite neu und versuche es noch einmal.',
  'This cannot be done as it was asked for. Change it and try again.': 'So geht das nicht. Ändere es und versuche es noch einmal.',
  'This cannot be kept with the conversation. Change it and try again.':
    'Das kann bei der Unterhaltung nicht aufbewahrt werden. Ändere es und versuche es noch einmal.',
  'There are no messages so far back.': 'So weit zurück gibt es keine Nachrichten.',
  'There is nothing to send yet.': 'Es gibt noch nichts zu senden.',
  'This invite link has expired. Ask a member for a new one.': 'Dieser Einladungslink ist abgelaufen. Bitte ein Mitglied um einen neuen.',
  'This is not a complete invite link. Copy the whole link and try again.':
    'Das ist kein vollständiger Einladungslink. Kopiere den ganzen und versuch es noch einmal.',
  'This invite link has let in as many people as it was made for. Ask a member for a new one.':
    'Dieser Einladungslink hat so viele eingelassen, wie er sollte. Bitte ein Mitglied um einen neuen.',
  'This is not a complete link for a device. Copy the whole link and try again.':
    'Das ist kein vollständiger Link für ein Gerät. Kopiere den ganzen und versuch es noch einmal.',
  'This link for a device has expired. Make a new one on your other device.':
    'Dieser Link für ein Gerät ist abgelaufen. Mach auf deinem anderen Gerät einen neuen.',
  'Your other device said no: the digits differed, or it was called off there.':
    'Dein anderes Gerät hat Nein gesagt: Die Ziffern waren verschieden, oder dort wurde abgebrochen.',
  'This link for a device was used already. Make a new one on your other device.':
    'Dieser Link für ein Gerät wurde schon benutzt. Mach auf deinem anderen Gerät einen neuen.',
  'This message is gone.': 'Diese Nachricht gibt es nicht mehr.',
  'This is a conversation between two people; that is for groups only.':
    'Das ist ein Gespräch zwischen zwei Leuten; das geht nur in Gruppen.',
  'You, or this person, are not a member of this group.': 'Du oder diese Person gehört nicht zu dieser Gruppe.',
  'Your role in this group does not allow that.': 'Deine Rolle in dieser Gruppe erlaubt das nicht.',
  'That is gone already.': 'Das gibt es schon nicht mehr.',
  'Only the person who wrote a message can change it.': 'Nur wer eine Nachricht geschrieben hat, kann sie ändern.',
  'These are not the words of a recovery phrase. Look for a word that is misspelt or missing.':
    'Das sind keine Wörter zur Rettung. Such nach einem, das falsch geschrieben ist oder fehlt.',
  'This profile was used in two places at once, perhaps from a backup. Add this device anew from another device of yours.':
    'Dieses Profil wurde an zwei Orten zugleich benutzt, vielleicht aus einer Sicherung. Füg dieses Gerät von einem anderen deiner Geräte neu hinzu.',
  'Parley is open in another tab, which does not answer. Close it and try again.':
    'Parley ist in einem anderen Tab offen, der nicht antwortet. Schließ ihn und versuch es noch einmal.',
  'The disk of this device is full. Free some space and try again.':
    'Der Speicher dieses Geräts ist voll. Schaff Platz und versuch es noch einmal.',
  'This browser does not let Parley keep data right now. Try again, or leave private browsing.':
    'Dieser Browser lässt Parley gerade nichts aufbewahren. Versuch es noch einmal, oder verlass das private Fenster.',
  'This is too much at once. Send it in smaller parts.': 'Das ist zu viel auf einmal. Schick es in kleineren Teilen.',
  'Nobody can be reached right now. Try again later.': 'Gerade ist niemand zu erreichen. Versuch es später.',
  'Something went wrong.': 'Etwas ist schiefgegangen.',
} as const
