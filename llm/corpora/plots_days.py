"""Plots of ordinary days: a kite in a tree, a sick friend, snow, errands, letters, wishes."""

from __future__ import annotations

from llm.corpora.asides import aside, close
from llm.corpora.telling import Teller


def stuck_in_a_tree(t: Teller) -> None:
    """Something flies up and stays up; three ways are tried before one works."""
    t.bind(thing=t.rng.choice(("kite", "ball", "paper plane", "balloon", "hat", "shuttlecock", "frisbee")))
    t.bind(obj="{colour} {thing}")
    t.lead("{hero} was playing {at} with {his} {obj}", "happy")
    t.say("The wind was strong and wild.", "It flew higher and higher.", "{He} laughed, because it was such fun.", p=0.7)
    t.say(
        "Suddenly the {thing} flew up into {a:tree} tree and did not come down.",
        "Then the wind took the {thing} and carried it into the top of {a:tree} tree.",
    )
    t.say(
        "{Hero} was {upset} because {his} {thing} was stuck in the tree.",
        "{He} was sad because the {thing} was stuck, and {he} could not reach it.",
    )
    t.quote("hero", "Come down, please!", "Oh no, my {thing}!", "It is much too high for me.")
    t.some(
        2,
        "{He} shook the trunk, but only leaves fell down.",
        "{He} threw a stick, and then the stick was stuck too.",
        "{He} jumped as high as {he} could, but {he} was too small.",
        "{He} waited for the wind, but now the air was quite still.",
    )
    t.say(
        "{Friend} came along the path and looked up.",
        "{Friend} had seen it from {fhis} window and came to help.",
        "Then {friend} came running.",
    )
    t.quote("friend", "Is that your {thing} up there?", "I have an idea!", "Do not cry, we will get it down.")
    aside(t, 0.25)
    t.say(
        "{Friend} stood under the tree, and {hero} climbed on {fhis} shoulders.",
        "Together they carried an old ladder to the tree.",
        "They tied two long sticks together with a string.",
        "They asked {a:bird}, and the {bird} flew up and pulled at the {thing}.",
    )
    t.say(
        "A little more to the left, a little higher, and there it was!",
        "It took a long time, but then something moved.",
        "One branch cracked, and everyone held their breath.",
        p=0.8,
    )
    t.say("The {thing} came down slowly and landed in {hero}'s {s:hand}.", "With a soft sound the {thing} fell into the grass.")
    t.quote("hero", "You did it!", "Thank you so much, {fname}!", "My {thing} is back!")
    t.say("The {thing} had a small hole, but that did not matter.", "Only a leaf was still hanging on the {thing}.", p=0.6)
    t.say(
        "Then they played with the {obj} together, far away from any tree.",
        "{Hero} let {friend} have the {thing} for the rest of the day.",
    )
    close(t, "And the tree kept only the stick.", "After that, {hero} always looked up before {he} played.")


def sick_friend(t: Teller) -> None:
    """A friend is ill in bed; soup, company and something at the window."""
    t.lead("{hero} wanted to play with {friend}, but {friend} was ill", "sad")
    t.say(
        "{Friend} lay in bed, and {fhis} head was hot.",
        "{Friend} had a bad cold and had to stay in bed.",
        "{Friend}'s nose was red, and {fhis} voice was only a whisper.",
    )
    t.say("{Hero} was sad because it was no fun to play alone.", "{Hero} was worried because {friend} was never ill.")
    t.quote("hero", "What can I do?", "I want to make {friend} happy.", "Can I visit {fhim}?")
    t.quote("elder", "Bring {fhim} something warm.", "A friend is the best medicine.", "Soup and a story always help.")
    t.say(
        "So {hero} and {elder} cooked a big pot of {soup}.", "{Hero} picked some {s:flower} and put a jar of {soup} in a basket."
    )
    t.say("{Hero} carried the {soup} very carefully, step by step.", "On the way, {he} did not spill one drop.", p=0.7)
    aside(t, 0.35)
    t.say("{Friend} sat up when {hero} came in.", "When the door opened, {friend} smiled for the first time that day.")
    t.quote("friend", "You came!", "Is that {soup}?", "I thought that nobody would come.")
    t.say("{Friend} ate two bowls of soup, and {fhis} cheeks turned pink.", "The soup was hot and good, and {friend} ate it all.")
    t.some(
        2,
        "{Hero} told {fhim} everything that had happened {at}.",
        "They played {game} on the blanket.",
        "{Hero} sang {song}, and {friend} hummed along.",
        "{A:bird} sat on the window and looked in.",
        "{Hero} drew a picture of {a:wild} with a thermometer, and {friend} laughed until {fhe} coughed.",
    )
    t.quote("friend", "I feel better already.", "Will you come again tomorrow?", "Soup tastes best with you.")
    t.quote("hero", "I will come every day until you are well.", "Of course!", "Sleep now, and I will stay a little.", p=0.8)
    t.say("Three days later, {friend} was well and ran out into the sun.", "By {day}, {friend} was healthy again.")
    t.say("But now {hero} had a red nose.", "Then {hero} began to sneeze, and this time {friend} brought the soup.", p=0.5)
    close(t, "That is what friends are for.", "They laughed about it for a long time.")


def first_snow(t: Teller) -> None:
    """Snow falls; a snowman is made, wears something dear, and melts."""
    t.bind(wear="[hat|scarf|cap]", hat="{colour} {wear}", snowname="[Mister Frost|Sir Snow|Old Whitebeard|Captain Cold]")
    t.lead("{hero} looked out and saw that everything was white", "excited", state=True)
    t.say("It had snowed all night.", "It was the first snow of the year.", "The roofs and the trees wore white caps.")
    t.quote("hero", "Snow! Snow!", "{Fname}, come out!", "Let us make a snowman!")
    t.say(
        "{Hero} and {friend} ran out and rolled three big balls of snow.",
        "{Friend} came at once, and together they rolled the snow into big balls.",
    )
    t.say("They put one on top of the other.", "The biggest ball was so heavy that they both had to push.", p=0.8)
    t.some(
        2,
        "The nose was a carrot.",
        "They used {number} black stones for the buttons.",
        "Two sticks became the arms.",
        "They drew a big smile with a finger." if not t.people["hero"].is_animal else "They drew a big smile with a stick.",
    )
    t.say("{Hero} took off {his} {hat} and gave it to the snowman.", "The snowman looked cold, so {hero} gave him {his} {hat}.")
    t.say("They called him {snowname}.", "{Friend} named the snowman {snowname}.")
    aside(t, 0.2)
    t.say("Every day they visited the snowman and told him their news.", "For two weeks he stood {at} and smiled.")
    t.say("Then the sun grew warm, and the snowman grew thin.", "But one day the air was soft, and water dripped from the trees.")
    t.quote("friend", "He is getting smaller!", "Can we help him?", "I do not want him to go.")
    t.say("{Friend} was {upset} because the snowman was melting.", "They were sad because nobody can stop the spring.")
    t.say(
        "The next morning there was only a puddle, and in the puddle lay the {hat}.",
        "In the end, only the carrot and the {hat} were left.",
    )
    t.say("{Hero} picked up the {wear} and dried it in the sun.", "{Hero} put the {wear} on {friend}'s head.")
    t.quote("hero", "He will come back next winter.", "He is in the clouds now.", "We will keep the {wear} for him.")
    close(t, "And when the first snow fell the next year, the {hat} was ready.", "{A:flower} grew where he had stood.")


def errand(t: Teller) -> None:
    """A child is sent to buy three things, forgets one, and remembers it in an odd way."""
    t.bind(one="{treat}", two="{vegetable}", three="{fruit}", place="the market", at="at the market")
    t.lead("{hero} was going to the market alone for the first time", "proud")
    t.quote("elder", "Please bring {a:one}, {number} {s:two} and {a:three}.")
    t.say("{He} was proud because now {he} was big enough.", "{Elder} gave {him} a basket and some coins.")
    t.say(
        "On the way {he} said it again and again, so that {he} would not forget it.",
        "{Hero} sang the words like a song while {he} walked.",
    )
    aside(t, 0.4)
    t.say(
        "Then {friend} came by on a scooter and called {his} name.",
        "Then {a:pet} ran across the street, and {hero} stopped to look.",
        "Then a band marched past with drums and trumpets.",
    )
    t.say("When {he} reached the market, one word was gone from {his} head.", "At the market, {hero} remembered only two things.")
    t.quote("hero", "{A:one}, {number} {s:two}, and what else?", "What was the third thing?", "Oh dear, I forgot something!")
    t.say("{He} was {upset} because {elder} trusted {him}.", "{He} walked up and down between the stalls.")
    t.say(
        "{He} looked at the cheese, the fish, the eggs and the flowers.",
        "There were so many things, and all of them looked right.",
    )
    t.some(
        1,
        "A woman with a big hat asked {him} what {he} was looking for.",
        "The man who sold the {s:two} gave {him} a friendly look.",
        "A dog sat next to a stall and seemed to grin.",
    )
    t.say(
        "Then something round rolled over {his} foot. It was {a:three}!",
        "Suddenly {he} smelled it. It was the smell of {s:three}!",
        "Just then a little girl walked by and bit into {a:three}.",
    )
    t.quote("hero", "That is it!", "{A:three}! I have to buy {a:three}!", "Now I remember!")
    t.say("{Hero} paid, counted the coins and put everything in the basket.", "{Hero} bought the biggest {three} of all.")
    t.say("{He} walked home as fast as {he} could.", "On the way home, the basket was heavy, but {his} heart was light.")
    t.say("{Elder} looked into the basket, and everything was there.", "{Elder} unpacked the basket and nodded.")
    t.quote("elder", "You did that all by yourself!", "I am proud of you.", "You did not forget anything!")
    t.quote("hero", "Almost.", "It was easy, well, almost easy.", "May I go again on {day}?", p=0.7)
    close(t, "Then they ate the {three} together.", "After that, {hero} went to the market every week.")


def message_in_a_bottle(t: Teller) -> None:
    """A bottle with a letter is found, answered, and an answer comes."""
    t.bind(
        place="[the beach|the river|the lake]",
        at="[by the water]",
        far="[an island|the other side of the water|a ship|a small island with a lighthouse]",
    )
    t.lead("{hero} found a green bottle {at}", "curious")
    t.say(
        "There was a piece of paper inside.",
        "Something white was inside the bottle.",
        "It was half full of sand, and there was a letter in it.",
    )
    t.say("{He} pulled and pulled until the cork came out.", "{He} opened it very carefully.", p=0.8)
    t.say("It was a letter from a child named {friend}, who lived on {far}.", "The letter was from someone named {friend}.")
    t.say(
        "{Friend} wrote that {fhe} was lonely because there were no other children there.",
        "{Friend} wrote that {fhe} loved {s:bird} and wanted to have a friend.",
    )
    t.quote("hero", "I must write back!", "Somebody out there needs a friend.", "What shall I write?")
    t.say(
        "{Hero} wrote a long letter and drew a picture of {his} house.",
        "{Hero} wrote about {elder}, about {his} {pet} and about {game}.",
    )
    t.say(
        "{He} put {a:colour} ribbon in the bottle too, closed it and threw it far out into the water.",
        "{He} put the letter and {a:flower} into the bottle and gave it back to the waves.",
    )
    t.say(
        "Then {he} waited. A week passed, and then a month.", "Every day {he} ran to the water and looked, but there was nothing."
    )
    t.say("{Hero} was {upset} because no answer came.", "{He} almost gave up hope.", p=0.8)
    aside(t, 0.3)
    t.quote("elder", "The sea is slow, but it does not forget.", "Be patient.", p=0.6)
    t.say("One morning in {month}, something green rolled on the waves.", "Then, on {day}, a bottle lay in the sand.")
    t.say("In it were a white shell and a letter from {friend}.", "There was a new letter in it, much longer than the first.")
    t.quote("hero", "It is from {friend}!", "The answer is here!", "Look, look!")
    t.say(
        "{Friend} wrote that {fhe} had danced around the room because {fhe} was so happy.",
        "{Friend} wrote that the picture now hung over {fhis} bed.",
    )
    t.say(
        "The next {season}, a boat came, and {friend} was standing on it and waving.",
        "In {season}, the two friends met for the first time.",
        p=0.7,
    )
    close(t, "And the green bottle stands on {hero}'s table to this day.", "They have written to each other ever since.")


def new_child(t: Teller) -> None:
    """Somebody new sits alone; one small question changes everything."""
    t.lead("{hero} saw a new child at school", "curious")
    t.say(
        "The child was called {friend}, and {fhe} came from another country.",
        "{Friend} had moved to the town only a week before.",
    )
    t.say("{Friend} sat alone {seat} and said nothing.", "{Friend} stood by the wall and looked at {fhis} shoes.")
    t.say(
        "{Fhe} was sad because {fhe} did not know anybody.",
        "{Fhe} was shy because {fhe} spoke differently.",
        "{Fhe} missed {fhis} old friends very much.",
    )
    t.say(
        "The other children were playing {game} and did not see {fhim}.", "Some children looked at {fhim}, but nobody went over."
    )
    t.say(
        "{Hero} remembered how it felt to be new.",
        "{Hero} was a little shy too, but {he} had an idea.",
        "{Hero} thought about it all morning.",
    )
    t.say("So {he} walked over and sat down.", "{He} took {his} {treat} and went over.")
    t.quote(
        "hero", "Would you like half of my {treat}?", "Do you want to play {game} with us?", "Hello, I am {hero}. Who are you?"
    )
    t.say("{Friend} looked up in surprise.", "At first {friend} did not answer, but {fhe} smiled.", "{Friend}'s ears turned red.")
    t.quote("friend", "Yes, please.", "I do not know how to play that.", "Really? With me?")
    t.quote("hero", "I will show you.", "Come on, it is easy!", "You will learn it in no time.", p=0.8)
    aside(t, 0.3)
    t.some(
        2,
        "{Friend} turned out to be the fastest runner of all.",
        "{Friend} taught them {song} in {fhis} own language.",
        "{Friend} knew a game that nobody had ever seen.",
        "{Friend} could draw {s:wild} that looked alive.",
        "{Friend} told a joke, and everybody laughed.",
    )
    t.say("Soon all the other children came too.", "By the end of the day, {friend} had {number} new friends.")
    t.say(
        "{Friend} was so {glad} that {fhe} skipped all the way home.",
        "When {fhis} mother came to fetch {fhim}, {friend} did not want to leave.",
    )
    t.quote("friend", "See you tomorrow!", "Today was the best day since we moved.", "Thank you for asking me.")
    close(t, "It had taken only one small question.", "From then on, {hero} and {friend} always sat side by side.")


def stray(t: Teller) -> None:
    """A stray follows someone home; is there an owner?"""
    t.bind(
        stray="[kitten|puppy|duckling|rabbit|pony|donkey|goat]", called="[Moon|Button|Shadow|Socks|Marble|Thunder|Noodle|Cloud]"
    )
    t.lead("{hero} was walking home from {place} when a small {stray} began to follow {him}", "lonely")
    t.say(
        "It was thin and dirty, but it had kind eyes.",
        "It had one white ear and a very long tail."
        if t.slots["stray"] != "duckling"
        else "It had yellow feathers and very big feet.",
    )
    t.say("When {hero} stopped, the {stray} stopped too.", "{Hero} walked faster, and the {stray} ran.")
    t.quote("hero", "Go home, little one!", "Where do you live?", "Do you belong to anybody?")
    t.say("But the {stray} had nowhere to go.", "The {stray} only looked at {him}.")
    t.say(
        "{Hero} gave it some water and a piece of {treat}, and it ate everything.",
        "At home, {he} washed it and dried it with an old towel.",
    )
    t.quote("hero", "Can we keep it?", "Please, may it stay?", "I will call it {called}.")
    t.quote(
        "elder", "First we have to find out if somebody misses it.", "It may stay for one night.", "It may belong to someone."
    )
    t.say("They painted a sign and hung it up {at}.", "The next day they asked at every door in the street.")
    aside(t, 0.35)
    t.say(
        "{Hero} hoped that nobody would come, and {he} was ashamed because of it.",
        "Each time someone knocked, {hero}'s heart stood still.",
    )
    if t.chance(0.5):
        t.say("A week passed, and nobody came.", "Nobody knew the {stray}, not even the farmer.")
        t.quote("elder", "Then it belongs to us now.", "I think that it has chosen you.", "Well, the {stray} needs a bed.")
        t.say("{Hero} jumped for joy, and the {stray} jumped too.", "{Hero} laughed and cried at the same time.")
        t.say("{He} called it {called}.", "{He} made a bed for it {inspot}.", p=0.7)
        close(
            t,
            "Now {hero} was never alone on the way home.",
            "The {stray} grew big and strong, but it still followed {him} everywhere.",
        )
        return
    t.say("Then {friend} came to the door, and {fhis} eyes were red.", "On {day}, {friend} saw the sign and came running.")
    t.quote("friend", "That is my {stray}!", "I have looked for it everywhere!", "I was so afraid that it was gone for ever.")
    t.say("The {stray} ran to {friend} and made a happy sound.", "The {stray} knew {friend} at once.")
    t.say("{Hero} was sad because {he} had to say goodbye, but {he} was also {glad}.", "{Hero} swallowed, and then {he} smiled.")
    t.quote("friend", "You can visit it every day.", "Thank you for taking care of it.", "Shall we take it for walks together?")
    close(t, "So {hero} lost a {stray} and found a friend.", "And every afternoon the three of them went for a walk.")


def shooting_star(t: Teller) -> None:
    """A wish is free, and is spent on somebody else."""
    t.bind(want="[toy train|big drum|new kite|little boat|box of paints|silver flute]")
    t.lead("{hero} saw a shooting star one night", state=True)
    t.say(
        "It drew a bright line over {place} and was gone.",
        "It fell from the sky without a sound.",
        "The whole sky was full of stars that night.",
    )
    t.quote("elder", "Now you may make a wish.", "Quick, wish for something, but do not tell anyone!")
    t.say("{Hero} thought about it. {He} wanted {a:want} more than anything.", "{He} had wished for {a:want} for a whole year.")
    t.quote("hero", "I need some time to think.", "May I wish tomorrow?", "I will keep my wish until I am sure.", p=0.7)
    aside(t, 0.25)
    t.say(
        "The next day, {he} met {friend}, who was sitting {seat} and crying.",
        "Then {he} saw {friend}, and {fhis} eyes were full of tears.",
    )
    t.quote("hero", "What has happened?", "Why are you crying?", "Can I help you?")
    t.quote(
        "friend",
        "My grandmother is ill.",
        "My {pet} has run away.",
        "We have to move to another town.",
        "I have lost my father's watch.",
    )
    t.say("{Hero} thought of {his} wish, and of the {want}.", "{Hero} was quiet for a long time.")
    t.say(
        "Then {he} closed {his} eyes and wished that {friend} would be happy again.",
        "That night {he} gave {his} wish away to {friend}.",
    )
    t.say("For two days nothing happened.", "The stars said nothing.", "{He} did not tell anyone about it.", p=0.7)
    t.say("Then {friend} came running, and {fhe} was laughing.", "On {day}, {friend} stood at the door and shone like the sun.")
    t.quote("friend", "Everything is good again!", "You will not believe it!", "It is like magic!")
    t.say("{Hero} was so {glad} that {he} forgot all about the {want}.", "{Hero} smiled and looked up at the sky.")
    t.say(
        "On {his} birthday, there was a big box on the table. In it was {a:want}.",
        "A month later, {friend} built {him} {a:want} out of wood.",
        p=0.7,
    )
    close(t, "Perhaps stars can hear two wishes at once.", "And far above {place}, a star blinked.")


PLOTS = (
    (stuck_in_a_tree, "any"),
    (sick_friend, "any"),
    (first_snow, "any"),
    (errand, "child"),
    (message_in_a_bottle, "child"),
    (new_child, "child"),
    (stray, "child"),
    (shooting_star, "any"),
)
