"""Plots whose heroes are animals: hunger, loneliness, getting lost, a nap that nobody allows. One function
each.
"""

from __future__ import annotations

from llm.corpora import lexicon
from llm.corpora.asides import aside, close, view
from llm.corpora.telling import Teller


def hungry_animal(t: Teller) -> None:
    """An animal looks for food, is refused, earns or is given some."""
    food = lexicon.ANIMALS[t.people["hero"].noun][2]
    move = lexicon.ANIMALS[t.people["hero"].noun][3]
    t.bind(food=food, keeper="[baker|farmer|cook|gardener]")
    t.lead("{hero} [had not eaten since the day before|wanted something good to eat|was looking for food {at}]", "hungry")
    t.say(
        "{His} stomach made a sound like a drum.",
        "{He} was hungry because {his} bowl had been empty all day.",
        "{He} could think of nothing but {a:food}.",
    )
    t.say(
        f"So {{he}} {move} all around {{place}} to look for food.",
        f"{{He}} {move} from house to house and smelled at every door.",
    )
    t.say("First {he} met {a:wild}.", "On the way {he} saw {a:wild} who was eating {a:fruit}.")
    t.quote("hero", "Do you have something for me to eat?", "Please, may I have a bite?", "I am so hungry!")
    t.quote("the {wild}", "I have only enough for myself.", "I am sorry, it is all gone.", "Ask the {keeper}.")
    t.say("{Hero} walked on, and {he} was very {upset}.", "{Hero} walked on with {his} head down.")
    aside(t, 0.25)
    t.say(
        "Then a wonderful smell came through the air. It came from the {keeper}'s window.",
        "At last {he} came to the {keeper}'s door.",
    )
    if t.chance(0.5):
        t.say("On the table lay {a:food}, and nobody was there.", "There, right in front of {him}, was {a:food}.")
        t.say(
            "{Hero} wanted to take it, but {he} knew that it was not {his}.", "It would have been easy to take it and run away."
        )
        t.say("So {he} sat down and waited, and {he} looked at the {keeper} with big eyes.")
        t.quote("the {keeper}", "You did not steal, although you are hungry.", "What an honest little animal!")
    else:
        t.say("The {keeper} was {upset} because a bag had fallen and {number} {s:fruit2} had rolled all over the road.")
        t.say("{Hero} forgot {his} hunger and brought back every single one.")
        t.quote("the {keeper}", "What a good helper you are!", "You have saved my day.")
    t.say(
        "The {keeper} laughed and gave {him} {a:food}.",
        "And the {keeper} put {a:food} in front of {him}, bigger than {he} had ever seen.",
    )
    t.say(
        "{Hero} ate and ate until {he} was round.",
        "{Hero} ate half of it and carried the rest to {friend}.",
        "It tasted better than anything.",
    )
    t.say("{Friend} came by, and they shared the last bite.", p=0.3)
    close(
        t,
        "Full and happy, {hero} lay down {bed}.",
        "After that, {he} visited the {keeper} every day.",
        "{He} was not hungry any more.",
    )


def lonely_animal(t: Teller) -> None:
    """A lonely animal asks others to play, is turned down, and finds somebody who is lonely too."""
    t.lead("{hero} had nobody to play with", "lonely", state=True)
    t.say(
        "{He} was lonely because all the others were busy.",
        "{He} had come to {place} only the day before and did not know anyone.",
        "{His} brothers and sisters had grown up and gone away.",
    )
    t.bind(first="{wild}", second="{pet}")
    t.say("{He} went to the {first}.", "First {he} asked the {first}.")
    t.quote("hero", "Will you play with me?", "Do you want to play {game}?")
    t.quote(
        "the {first}",
        "I have no time. I must look for food.",
        "Not now, I am building my home.",
        "You are too small for my games.",
    )
    t.say("Then {he} went to the {second}.", "So {he} tried the {second}.")
    t.quote("the {second}", "I am tired. Come back tomorrow.", "I am too old to play.", "I would like to, but I have work to do.")
    t.say("{Hero} was so {upset} that {he} sat down {seat} and sighed.", "A tear rolled down {hero}'s nose.")
    aside(t, 0.35)
    t.say("Then {he} heard another sigh, very close.", "But somebody else was sighing too.")
    t.say("On the other side sat {a_friend} named {fname}.")
    t.met.add(t.people["friend"])
    t.quote("friend", "Nobody wants to play with me.", "I am so alone.", "I thought that I was the only one here.")
    t.quote("hero", "I do!", "Then let us play together.", "I have looked for you all day, and I did not know it.")
    t.say(
        "They played {game} until the sun went down.",
        "They ran around {place} and laughed.",
        "They chased {a:insect} and jumped over puddles.",
    )
    t.some(
        2,
        "{Friend} showed {him} a hiding place {seat2}.",
        "{Hero} shared {his} food with {friend}.",
        "They rolled down the hill again and again.",
        "They drank from the stream and lay in the grass.",
        "The {first} came to look and wanted to join in, and they said yes.",
    )
    t.quote("friend", "Will you come again tomorrow?", "Are we friends now?")
    t.quote("hero", "Yes, every day!", "Of course!", "We are friends for ever.")
    close(t, "From that day on, {hero} was never lonely again.", "{Hero} was {glad} because now {he} had a friend.")


def lost_animal(t: Teller) -> None:
    """A young animal follows something, gets lost and is brought home."""
    move = lexicon.ANIMALS[t.people["hero"].noun][3]
    t.bind(bait="[{insect}|{colour} leaf|strange smell|{colour} balloon|little cloud]")
    t.lead("{hero} saw {a:bait} and followed it", "excited")
    t.quote("elder", "Stay close to me!", "Do not go too far!", p=0.5)
    t.say("{He} did not listen, because it was so much fun.", "{He} wanted to see where it went.")
    t.say(f"{{He}} {move} past {{place}} and across a field.", f"{{He}} {move} up a hill and down again, further and further.")
    t.say(
        "Then the {bait} was gone. {Hero} looked around and knew nothing that {he} saw.",
        "All at once the {bait} was gone, and everything looked strange.",
    )
    t.quote("hero", "Where am I?", "I want to go home!", "Mother, where are you?")
    t.say(
        "{He} was scared because it was getting dark.",
        "{He} was cold and tired, and {he} began to cry.",
        "The trees were tall and full of shadows.",
    )
    view(t, 0.3)
    t.say(
        "{A:bird} heard {him} and flew down.",
        "{A:wild} came out of the bushes.",
        "{Friend} was just coming home and heard {him}.",
    )
    t.say("The stranger listened to the whole story.", "They talked for a while, and {hero} became calm.", p=0.4)
    t.say("A kind voice asked {him} where {he} lived.", "A soft voice told {him} not to be afraid.")
    t.quote("hero", "I live in {home}.", "There is a big {tree} tree near my home.", "I can hear a stream from my bed.")
    t.say(
        "Together they followed the stream.",
        "They looked for the tall tree, and there it was, far away.",
        "They went step by step through the dark.",
    )
    t.some(
        1,
        "The moon came out and showed them the way.",
        "Fireflies danced in front of them like little lamps.",
        "{Hero}'s legs were tired, but {he} did not stop.",
    )
    t.say(
        "And there stood {elder}, who had been calling all evening.", "Then {hero} heard a voice that {he} knew. It was {elder}!"
    )
    t.quote("elder", "There you are!", "I was so worried about you!", "Come here, my little one.")
    t.say("{Hero} ran to {ehim} and pressed {his} nose into {ehis} neck.", "{Elder} was not angry, only {glad}.")
    t.quote("hero", "I will stay close to you.", "I am sorry that I ran away.", "Next time I will listen.")
    close(
        t, "That night, {hero} slept {bed} and dreamed of {a:bait}.", "And {he} never again followed {a:bait}, or almost never."
    )


def sleepy_animal(t: Teller) -> None:
    """An animal wants to sleep and is woken again and again, until it finds its place."""
    t.lead("{hero} wanted to take a nap {at}", "tired")
    toothless = t.people["hero"].noun in ("duck", "owl", "bird")
    yawned = "closed one eye" if toothless else "showed all {his} teeth"
    t.say("{He} was tired because {he} had played all morning.", f"{{He}} yawned and {yawned}.")
    t.say("{He} lay down {seat} and closed {his} eyes.", "{He} found a soft place {seat}.")
    t.say(
        "But {a:bird} began to sing very loudly.",
        "But {a:insect} sat down on {his} nose.",
        "But then a {flower} tickled {his} ear.",
    )
    t.quote("hero", "Please be quiet!", "I want to sleep!", "Not here, then.")
    t.say("So {he} got up and lay down {seat2}.", "{He} tried again, this time {seat2}.")
    t.say(
        "There came {number} {s:pet} and made a terrible noise.",
        "There it began to rain, and {he} got wet.",
        "There {friend} was practising the drum.",
    )
    t.say("{Hero} was {upset} because {he} could not find a quiet place.", "{Hero} sighed and walked on.")
    aside(t, 0.3)
    t.quote("friend", "Why do you look so tired?", "You look as if you were asleep already.")
    t.quote("hero", "Everywhere it is too loud or too wet.", "I only want to sleep for one hour.")
    t.quote("friend", "I know a place.", "Come with me.", "There is a place where nobody will find you.")
    t.say(
        "{Friend} led {him} to a little hollow full of soft moss.",
        "They went to a barn full of warm hay.",
        "Behind the house there was an old blanket in the sun.",
    )
    t.say("{Hero} lay down, and {friend} sat beside {him} and kept everyone away.", "It was warm and dry and very quiet.")
    t.quote("hero", "Thank you.", "This is perfect.", p=0.6)
    t.say("A moment later {he} was asleep.", "{He} closed {his} eyes and slept until the evening.")
    t.say(
        "When {he} woke up, the stars were out, and {he} was not tired at all.",
        "When {he} woke up, {friend} was fast asleep, and {hero} kept watch.",
    )
    t.quote("hero", "Now I want to play!", "And now it is your turn to sleep.", p=0.6)
    close(t, "Then they both laughed.", "Since then, the two of them have taken their naps together.")


def moon_in_the_pond(t: Teller) -> None:
    """An animal wants the moon, which lies in the water."""
    t.lead("{hero} came to the pond [at night|in the dark|when it was already late]", "curious", state=True)
    t.say("The moon was round and bright.", "There was not a single cloud in the sky.", p=0.6)
    t.say("In the water lay something round and golden.", "Something big and yellow was shining in the water.")
    t.quote("hero", "The moon has fallen into the pond!", "Is that a cheese?", "What a beautiful lamp!")
    t.say("{Hero} wanted to have it, because {his} home was so dark.", "{He} wanted to take it home and show it to {elder}.")
    t.say(
        "{He} put one foot into the water, and the moon broke into a hundred pieces.",
        "{He} touched it, and it danced and was gone.",
    )
    t.say("{Hero} was {upset} because {he} thought that {he} had broken it.", "{He} was scared, because who can mend a moon?")
    t.say("{He} ran to {friend} and woke {fhim} up.", "Just then {friend} came by for a drink.")
    t.quote(
        "hero",
        "I have broken the moon!",
        "Help me to get the moon out of the water!",
        "Come quickly, something terrible has happened!",
    )
    t.some(
        1,
        "{Friend} brought a net, and they fished for an hour.",
        "They tried to catch it with a bucket.",
        "They threw in a rope, but the moon did not hold on to it.",
    )
    aside(t, 0.2)
    t.say("Then {a:wild} laughed so hard that it had to sit down.", "An old frog on a leaf watched them and shook its head.")
    t.quote("friend", "Look up!", "Wait. If the moon is down here, what is that up there?")
    t.say(
        "They looked up, and there was the moon in the sky, whole and round.",
        "High above the trees hung the moon, and nothing was missing.",
    )
    t.say("The water grew still, and the second moon came back.", "In the pond there was only its picture.")
    t.quote(
        "hero", "So nobody can take it away.", "Then there are enough moons for everyone.", "I am glad that it is not broken!"
    )
    t.say("They sat side by side and looked at both moons.", "{Friend} began to laugh, and then {hero} laughed too.")
    close(
        t,
        "That night, {hero} slept {bed} with the moon in the window.",
        "Since then, they meet at the pond whenever the moon is full.",
    )


def washing_day(t: Teller) -> None:
    """Someone is dirty, does not want to be washed, and runs."""
    t.lead("{hero} had rolled in the mud", "dirty", state=True)
    t.say("{He} was brown from {his} nose to {his} tail.", "Nobody could see any more what colour {he} was.")
    t.quote("elder", "You need a bath!", "Into the water with you!", "Look at you! Today is washing day.")
    t.quote("hero", "No, no, no!", "I do not like water.", "I like mud!")
    t.say("{He} was afraid of the bath because the water got into {his} ears.", "{He} hated baths because soap tasted so bad.")
    t.say("So {he} ran away and hid {seat}.", "{He} jumped over the tub and ran to {place}.")
    t.say("First {he} met {a:pet}, who held its nose.", "{A:bird} flew away when {he} came near.")
    t.say("Then {he} wanted to play with {friend}, but {friend} did not know {him}.", "Then {he} saw {friend} and ran to {fhim}.")
    t.quote("friend", "Who are you?", "What is that smell?", "Help, a monster made of mud!")
    t.quote("hero", "It is me!", "Don't you know me?", "I am your friend!")
    t.say(
        "{Hero} was {upset} because even {his} best friend was afraid of {him}.",
        "{Hero} looked into a puddle and did not know {himself} either.",
    )
    aside(t, 0.25)
    t.say(
        "{He} went home with {his} head down and climbed into the water all by {himself}.",
        "So {he} walked back to the tub, took a deep breath and jumped in.",
    )
    t.say("The water was warm, and the bubbles smelled of {s:flower}.", "It was not so bad. There were bubbles as big as melons.")
    t.some(
        1,
        "{He} blew a bubble, and it flew over the roof.",
        "{Elder} sang {song} and scrubbed {his} back.",
        "{He} splashed so much that {elder} got wet as well.",
    )
    t.quote("hero", "Can I stay a little longer?", "This is fun!", "Why did nobody tell me about the bubbles?")
    t.say("When {he} was clean and dry, {friend} came to see {him}.", "Afterwards {he} shone like a new coin.")
    t.quote("friend", "There you are!", "How nice you smell!", "A monster was looking for you!", p=0.8)
    close(
        t,
        "They played {game}, and before evening {hero} was covered in mud again.",
        "From then on, washing day was {his} favourite day.",
    )


def animal_band(t: Teller) -> None:
    """Four animals each make one noise that nobody likes; together it is music."""
    t.lead("{hero} loved music, but nobody liked the way {he} sang", "sad", state=True)
    t.say("When {he} opened {his} mouth, all the birds flew away.", "Some said that it sounded like an old door.")
    t.say("{He} was sad because {he} loved to sing more than anything.", "So {he} only sang when {he} was alone.")
    t.bind(first="{pet}", second="{wild}")
    t.say(
        "{later}, {he} met {friend}, who was beating on an old pot.",
        "On the road {he} heard a loud noise. It was {friend} with a drum.",
    )
    t.quote("friend", "Everyone tells me to be quiet.", "They say that I am too loud.", "Do you like my drum?")
    t.quote(
        "hero",
        "I like it! May I sing with you?",
        "Come with me, and we will make music together.",
        "They do not like my singing either.",
    )
    t.say(
        "A little further on stood the {first}, who could only play one note on a trumpet.",
        "At the next corner sat the {first} with a flute that was broken.",
    )
    t.quote("the {first}", "May I come too?", "One note is not much, I know.")
    t.say("And the {second} came with two spoons.", "The {second} heard them and brought a little bell.")
    t.say("They practised in a barn where nobody could hear them.", "Every evening they met {seat}.")
    aside(t, 0.3)
    t.say("At first it sounded terrible, and they laughed about it.", "It took them {number} days to play one song.")
    t.say("Then came the summer festival, and the real band was ill.", "On {day} there was a wedding, but there was no music.")
    t.quote("hero", "We can play!", "Let us try it.", "Are you ready?")
    t.say("{Hero} was so nervous that {his} knees shook.", "Everyone stared at them, and it was very quiet.")
    t.say("Then {friend} began to drum, the {first} played, and {hero} sang.", "{Friend} counted to three, and they began.")
    t.say(
        "It was loud and funny and wonderful, and everybody danced.",
        "Nobody held their ears. They clapped and stamped their feet!",
    )
    t.quote(
        "friend",
        "They like us!",
        "Did you hear that? They want one more song!",
        "Alone we were noise, but together we are music.",
    )
    close(t, "And they played until the moon went down.", "Since that day, no festival begins without them.")


def boaster(t: Teller) -> None:
    """Someone says that they are the best at everything, until they need help."""
    t.bind(boast="[fastest|strongest|cleverest|most beautiful|bravest]")
    t.lead("{hero} thought that {he} was the {boast} of all the animals", "proud", state=True)
    t.say("{He} told it to everybody, every day.", "{He} looked at {himself} in the water and nodded.")
    t.quote("hero", "Nobody is as good as I am!", "Look at me, I am the {boast} of all!", "I do not need any help.")
    t.say(
        "{Friend} only smiled, because {fhe} was a quiet animal.",
        "The others rolled their eyes.",
        "{Friend} did not like to hear it, but {fhe} said nothing.",
    )
    t.quote("friend", "Everyone is good at something.", "We shall see.", p=0.7)
    aside(t, 0.3)
    t.say(
        "One day, {hero} wanted to show off and jumped onto a log in the river. But {he} slipped, and {his} foot was caught.",
        "One day, {hero} climbed onto a high rock to show off. But a stone rolled away, and {he} fell into a gap.",
        "One evening, {hero} went into the forest alone to show that {he} was not afraid. "
        "But there was a hole under the leaves, and {he} fell in.",
    )
    t.say("{He} pulled and pushed, but it was no use.", "{He} called, but {his} voice was too weak.")
    t.say(
        "Now {he} did not feel like the {boast} animal any more.",
        "{He} felt very small, and {he} was {upset} because nobody was there.",
    )
    t.say("{Friend} heard {him}, because {fhe} had very good ears.", "It was {friend} who found {him}.")
    t.quote("friend", "Hold on, I am coming!", "Do not move. I will fetch the others.", "Give me your {hand}!")
    t.say(
        "{A:wild} brought a rope, the {pet} pulled, and {friend} told everyone what to do.",
        "All the animals made a long chain and pulled together.",
    )
    t.say("With one big pull {he} was free.", "Slowly, slowly, {hero} came out.")
    t.quote("hero", "I was silly.", "Thank you. I could not have done it alone.", "I am sorry that I talked so big.")
    t.quote(
        "friend",
        "You are good at many things, and now you can say thank you as well.",
        "We are glad that you are safe.",
        "That is what friends are for.",
    )
    close(
        t,
        "Since then, {hero} has listened more and talked less.",
        "{Hero} still looks into the water sometimes, but {he} looks at the fish.",
    )


PLOTS = (
    (hungry_animal, "animal"),
    (lonely_animal, "animal"),
    (lost_animal, "animal"),
    (sleepy_animal, "animal"),
    (moon_in_the_pond, "animal"),
    (washing_day, "animal"),
    (animal_band, "animal"),
    (boaster, "animal"),
)
