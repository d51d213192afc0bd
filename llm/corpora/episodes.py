"""What can happen inside a plot: small tables of troubles, secrets, mistakes ..., each row coherent in
itself.
"""

from __future__ import annotations

from llm.corpora import lexicon
from llm.corpora.telling import Teller


def draw(t: Teller, table: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """One row of a table, each of its cells one rendering (so that its choices are made once)."""
    return tuple(t.rng.choice(table))


def name_object(t: Teller, toys: bool = False) -> None:
    """Bind `{thing}` (ball) and `{obj}` (red ball): the object of this story."""
    for_children = lexicon.TOYS if toys or t.chance(0.5) else lexicon.KEEPSAKES
    things = lexicon.ANIMAL_THINGS if t.people["hero"].is_animal else for_children
    t.bind(thing=t.rng.choice(things))
    t.bind(obj="{colour} {thing}")


SMALL_GIFT = "[a shiny nut|a white pebble|a blue feather|a red berry|a tiny shell|a golden leaf|an acorn]"

# trouble, what is needed, how the hero helps, how it ends
TROUBLES = (
    (
        "Its foot was caught between two stones.",
        "stick",
        "{He} found a long stick and pushed it under the bigger stone. {He} pushed with all {his} strength "
        "until the stone moved.",
        "The {animal} pulled its foot out and was free.",
    ),
    (
        "It had fallen into a deep hole and could not get out.",
        "branch",
        "{He} pulled a thick branch to the hole and let it down like a ladder.",
        "The {animal} climbed up the branch, step by step, until it stood on the grass.",
    ),
    (
        "It had a thorn in its foot.",
        "leaf",
        "{He} held the foot very gently and pulled the thorn out. Then {he} put a cool leaf on it.",
        "The {animal} took a careful step, and it did not hurt any more.",
    ),
    (
        "It was tangled in an old net.",
        "stone",
        "{He} took a sharp stone and cut the strings of the net, one after the other.",
        "When the last string broke, the {animal} was free.",
    ),
    (
        "It had lost its mother and did not know the way home.",
        "footprints",
        "{He} saw small footprints on the ground and followed them, and the {animal} stayed close behind {him}.",
        "Behind {a:tree} tree, the mother was waiting, and she was so glad to see her little one.",
    ),
    (
        "It was cold and wet because it had fallen into the water.",
        "scarf",
        "{He} wrapped the {animal} in something warm and rubbed it until it was dry.",
        "Soon the {animal} stopped shaking and closed its eyes happily.",
    ),
    (
        "Its home had been blown away by the wind.",
        "twigs",
        "{He} gathered dry leaves, moss and twigs, and together they built a new home {seat}.",
        "The {animal} crept inside, and it was even cosier than the old one.",
    ),
    (
        "It was too weak to walk because it had not eaten for two days.",
        "fruit",
        "{He} gave it {a:fruit} and some fresh water, and waited beside it.",
        "After a few bites the {animal} was strong enough to stand up.",
    ),
    (
        "It was stuck in the mud by the path and sank a little deeper with every step.",
        "board",
        "{He} laid an old board over the mud, went out on it slowly and pulled as hard as {he} could.",
        "With a loud plop, the {animal} came out, brown from head to toe.",
    ),
    (
        "Its winter food had rolled down the hill and was gone.",
        "basket",
        "{He} fetched a basket, and {he} and the {animal} picked up every nut and every seed on the hill.",
        "By evening the basket was full again.",
    ),
)

# where it is hidden, a clue, the reveal, the feeling
SECRETS = (
    (
        "Every afternoon, {he} went to the old shed and closed the door behind {him}.",
        "One evening, there was blue paint on {hero}'s nose.",
        "In the shed stood a little boat, painted blue, with both of their names on it.",
        "{Friend} was so surprised that {fhe} could not speak.",
    ),
    (
        "{He} had found a nest with {number} tiny eggs {seat}.",
        "{Hero} always walked very softly when {he} passed that place.",
        "In the nest sat {number} little birds with open mouths.",
        "They watched the birds without making a sound.",
    ),
    (
        "{He} was learning {song} for {friend}'s birthday.",
        "Sometimes {friend} heard someone hum behind the door.",
        "Then {hero} stood up straight and sang {song} from the beginning to the end.",
        "{Friend} was so happy that {fhe} had tears in {fhis} eyes.",
    ),
    (
        "There was a box under {his} bed, and in the box there was something that moved.",
        "Now and then, a soft scratching came from the box.",
        "Out of the box climbed a tiny turtle and blinked in the light.",
        "{Friend} laughed because the turtle walked straight to {fhim}.",
    ),
    (
        "{He} had drawn a map of {place}, with a red cross in the middle.",
        "There was always a bit of earth on {hero}'s shoes.",
        "They followed the map to the red cross and dug up a tin box full of {s:fruit} sweets and marbles.",
        "{Friend} felt like a real explorer.",
    ),
    (
        "{He} was knitting a long {colour} scarf for {friend}, and {he} hid it in the cupboard.",
        "Once, {friend} saw a bit of wool on {hero}'s sleeve.",
        "{Hero} took out the {colour} scarf and put it around {friend}'s neck.",
        "The scarf was soft and warm, and {friend} wanted to wear it at once.",
    ),
    (
        "{He} had planted {s:flower} {seat}, where nobody ever looked.",
        "Each morning, {hero} left the house with a little watering can.",
        "There, in the sun, stood hundreds of {s:flower}.",
        "{Friend} turned around and around because there were flowers everywhere.",
    ),
    (
        "{He} was writing a book about {himself} and {friend}, and {he} kept it under {his} pillow.",
        "{Hero}'s fingers were black with ink.",
        "{Hero} gave {friend} a little book with {a:colour} cover. On every page there was a picture of the two of them.",
        "{Friend} read the whole book, and then {fhe} read it again.",
    ),
)

# the deed (a clause that begins with {hero}), hiding it, what the owner feels, the repair
MISTAKES = (
    (
        "{hero} was playing with a ball in the {room} when {he} broke {elder}'s favourite cup",
        "{He} quickly hid the pieces behind the cupboard.",
        "{Elder} looked at the pieces and was sad for a moment, because the cup was very old.",
        "They glued the cup together, piece by piece, and put a {flower} in it.",
    ),
    (
        "{hero} spilled a whole glass of paint on {elder}'s new rug",
        "{He} pulled a chair over the spot so that nobody could see it.",
        "{Elder} saw the big {colour} spot and shook {ehis} head, but then {ehe} had to smile.",
        "They washed the rug together. A small spot stayed, and they painted a flower around it.",
    ),
    (
        "{hero} forgot to close the gate, and the {pet} ran away",
        "{He} closed the gate and said nothing.",
        "{Elder} was worried about the {pet}, but {ehe} was not angry.",
        "Together they called and searched until they found the {pet} {seat}.",
    ),
    (
        "{hero} ate the whole {treat} that was meant for the guests",
        "{He} put the empty plate back and wiped the crumbs from {his} mouth.",
        "{Elder} looked at the empty plate and sighed.",
        "They put on their aprons and baked a new {treat} just in time.",
    ),
    (
        "{hero} tore a page in a book that belonged to {elder}",
        "{He} pushed the book to the very back of the shelf.",
        "{Elder} ran a finger along the torn page and was quiet for a while.",
        "They mended the page with clear tape, and then they read the story together.",
    ),
    (
        "{hero} forgot to water {elder}'s {s:flower}, and now their heads hung down",
        "{He} turned the pots so that nobody could see the brown leaves.",
        "{Elder} touched the dry leaves and looked {upset}.",
        "They gave the flowers fresh water and put them in the shade. Two days later, the {s:flower} stood up again.",
    ),
    (
        "{hero} left the window open, and the rain came in and soaked {elder}'s letters",
        "{He} put the wet letters back in the drawer.",
        "{Elder} held up the wet paper, and the ink ran down in blue lines.",
        "They hung the letters on a line like washing and dried them, one by one.",
    ),
    (
        "{hero} took {elder}'s watch without asking, and it fell into the pond",
        "{He} went home and did not say a word.",
        "{Elder} was upset because the watch had been a present.",
        "They took a net to the pond and fished until the watch came up, green with weeds but still ticking.",
    ),
)

# the visitor, the problem, what happens while it stays, the parting
VISITORS = (
    (
        "small wet hedgehog",
        "The rain had washed away its home, and it was shaking with cold.",
        "The hedgehog rolled into a ball by the stove and slept.",
        "In the morning the rain was over, and the hedgehog went to build a new home.",
    ),
    (
        "tired old goose",
        "Its wing hurt, and the other geese had flown on without it.",
        "Every day the wing grew a little stronger.",
        "One morning the goose spread its wings and rose into the sky.",
    ),
    (
        "thin grey cat",
        "It had walked for three days and had nothing to eat.",
        "The cat ate everything, licked its paws and began to purr.",
        "The cat did not want to leave again, so it stayed for good.",
    ),
    (
        "traveller with a big bag",
        "The traveller had missed the last train and had nowhere to sleep.",
        "The traveller opened the bag and showed {him} maps of faraway countries.",
        "At sunrise the traveller waved and walked on, and left a map on the table.",
    ),
    (
        "young fox with muddy paws",
        "The fox had run from a storm and did not know where it was.",
        "The fox told {him} about the forest at night.",
        "When the storm was over, {hero} showed the fox the path to the forest.",
    ),
    (
        "musician with a broken fiddle",
        "One string of the fiddle had snapped, and there was a concert the next day.",
        "They looked in every drawer until they found a strong new string.",
        "The next day the musician played, and {hero} sat in the first row.",
    ),
    (
        "tiny owl",
        "It had flown too far from its tree and was afraid of the dark.",
        "The owl sat on the back of a chair and looked at the fire with round eyes.",
        "When the moon came up, the mother owl called, and the little owl flew home.",
    ),
    (
        "lost lamb",
        "Its flock was gone, and it could not stop crying.",
        "The lamb lay down on the blanket and slept at once.",
        "In the morning the farmer came, and the lamb ran to meet its flock.",
    ),
)

# to do it, doing it, first failure, advice, success
SKILLS = (
    (
        "ride a bike",
        "riding a bike",
        "{He} fell onto the grass after two metres.",
        "Look ahead and keep your feet moving.",
        "{he} rode all the way to the gate without falling",
    ),
    (
        "swim",
        "swimming",
        "{He} swallowed some water and held on to the edge.",
        "Move your arms slowly, like a frog.",
        "{he} swam right across the little pool",
    ),
    (
        "whistle",
        "whistling",
        "Only air came out.",
        "Make your lips small and round.",
        "{he} whistled loud and clear, and {a:bird} answered",
    ),
    (
        "skate",
        "skating",
        "{His} legs went in two directions, and {he} sat down on the ice.",
        "Bend your knees and lean forward.",
        "{he} glided over the ice in a big circle",
    ),
    (
        "play the flute",
        "playing the flute",
        "It sounded like an angry goose.",
        "Blow softly, as if you were cooling soup.",
        "{he} played a whole song without a mistake",
    ),
    (
        "read",
        "reading",
        "The letters looked like little black ants.",
        "Say each letter first, and then put them together.",
        "{he} read a whole page aloud",
    ),
    (
        "bake bread",
        "baking bread",
        "The bread was as flat and hard as a stone.",
        "Let the dough rest under a warm cloth.",
        "the bread came out of the oven, round and golden",
    ),
    (
        "juggle",
        "juggling",
        "All the balls fell on the floor and rolled away.",
        "Begin with one ball, then take two.",
        "three balls flew through the air, and not one fell down",
    ),
    (
        "draw a horse",
        "drawing horses",
        "The horse looked like a table with a tail.",
        "Look first, and draw what you really see.",
        "there was a horse on the paper that seemed to run",
    ),
    (
        "tie a bow",
        "tying bows",
        "The laces turned into a big knot.",
        "Make two rabbit ears and cross them.",
        "there was a perfect bow on each shoe",
    ),
    (
        "fly a kite",
        "flying a kite",
        "The kite bumped over the ground and landed in a bush.",
        "Wait for the wind, and then run.",
        "the kite climbed higher and higher above the trees",
    ),
    (
        "row a boat",
        "rowing a boat",
        "The boat only went around in circles.",
        "Pull both sides at the same time.",
        "the boat glided straight across the water",
    ),
    (
        "jump over the rope",
        "jumping over the rope",
        "The rope caught {his} feet again and again.",
        "Listen to the rope and jump when it claps.",
        "{he} jumped twenty times in a row",
    ),
)
# The same for animals.
ANIMAL_SKILLS = (
    (
        "jump over the stream",
        "jumping over the stream",
        "{He} landed in the middle with a big splash.",
        "Run first, and then jump.",
        "{he} flew over the water and landed on dry grass",
    ),
    (
        "swim",
        "swimming",
        "{He} got water in {his} nose and ran back to the shore.",
        "Kick hard and keep your nose up.",
        "{he} swam to the other side of the pond",
    ),
    (
        "sing",
        "singing",
        "It sounded like a rusty door.",
        "Take a deep breath and start softly.",
        "a clear and lovely song came out",
    ),
    (
        "dance",
        "dancing",
        "{He} stepped on {his} own tail.",
        "Listen to the music and count to four.",
        "{he} danced around the fire, and everybody clapped",
    ),
    (
        "find the way home alone",
        "finding the way home",
        "{He} turned left and came to the wrong hill.",
        "Remember the big stone and the old gate.",
        "{he} found the way home without any help",
    ),
    (
        "hide well",
        "hiding",
        "{His} tail stuck out, and everyone saw it.",
        "Make yourself small and keep still.",
        "nobody could find {him} for a whole hour",
    ),
)

_WOOD = "[old boards and nails|planks, rope and nails|thick branches and string]"
# what is built -> what it is made of, and where
WORKS = {
    "treehouse": (_WOOD, "in", "the garden"),
    "raft": (_WOOD, "by", "the river"),
    "boat": (_WOOD, "by", "the lake"),
    "snow castle": ("snow and ice", "on", "the hill"),
    "sandcastle": ("wet sand and shells", "on", "the beach"),
    "tent": ("an old sheet and long sticks", "in", "the meadow"),
    "bird house": (_WOOD, "in", "the garden"),
    "swing": ("a strong rope and a board", "in", "the orchard"),
    "cart": (_WOOD, "on", "the farm"),
    "scarecrow": ("straw and old clothes", "on", "the farm"),
    "little bridge": (_WOOD, "by", "the stream"),
    "fort": ("[stones and branches|old boards and boxes]", "in", "the forest"),
    "seesaw": (_WOOD, "in", "the park"),
    "windmill": ("paper, sticks and cloth", "on", "the hill"),
    "den": ("sticks, moss and leaves", "in", "the forest"),
}
