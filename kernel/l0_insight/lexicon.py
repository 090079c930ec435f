"""Small closed lists that the rules rest on: kin, animals, people, given names by gender, function words."""

from __future__ import annotations


def words(listed: str) -> frozenset[str]:
    """A set from words between spaces."""
    return frozenset(listed.split())


KIN_FEMALE = words(
    "mother mum mom mama mamma mammy ma mummy mommy sister daughter grandmother grandma granny gran nana nan "
    "nonna grandmum abuela oma babcia baba aunt auntie aunty tia tía zia tante niece wife girlfriend fiancée "
    "granddaughter stepmother stepsister stepdaughter godmother goddaughter mother-in-law sister-in-law "
    "daughter-in-law bestemor mormor farmor teyze anne halmoni eomma madre"
)
KIN_MALE = words(
    "father dad dada daddy papa papà papá pa brother son grandfather grandpa grandad granddad nonno abuelo opa "
    "dede uncle tio tío zio onkel nephew husband boyfriend fiancé grandson stepfather stepbrother stepson "
    "godfather godson father-in-law brother-in-law son-in-law morfar farfar bestefar amca harabeoji appa padre"
)
KIN_EITHER = words(
    "partner cousin spouse sibling twin child kid baby grandchild parent flatmate roommate housemate friend"
)
KIN = KIN_FEMALE | KIN_MALE | KIN_EITHER
KIN_PLURAL = words(
    "parents sisters brothers sons daughters twins children kids boys girls grandchildren grandparents cousins "
    "aunts uncles nephews nieces friends flatmates neighbours neighbors"
)
TITLES_FEMALE = words("mrs ms miss frau signora señora sra madame mme dona doña sister lady fru")
TITLES_MALE = words("mr herr signor señor sr monsieur don senhor father brother sir lord hr zio uncle")
TITLES = TITLES_FEMALE | TITLES_MALE | words("dr doctor prof professor captain coach master chef judge teacher nurse")

PEOPLE_FEMALE = words(
    "woman girl lady nun waitress actress seamstress midwife landlady stewardess headmistress queen bride widow hostess"
)
PEOPLE_MALE = words(
    "man boy lad guy gentleman priest monk waiter actor landlord headmaster king groom widower chap bloke"
)
PEOPLE_EITHER = words(
    "teacher doctor nurse engineer neighbour neighbor boss manager dentist physio physiotherapist student tutor "
    "colleague supervisor lawyer solicitor plumber electrician builder carpenter mechanic driver vet pharmacist "
    "coach instructor trainer customer client guest stranger passenger visitor architect librarian chef cook "
    "baker butcher farmer fisherman sailor captain professor lecturer therapist counsellor surgeon optician "
    "accountant baker owner singer musician drummer violinist pianist painter writer poet author editor "
    "journalist photographer designer programmer developer apprentice intern assistant secretary chairman chair "
    "president mayor policeman officer toddler teenager tenant lodger patient pupil classmate teammate inspector "
    "caretaker janitor cleaner tailor"
)
PEOPLE = PEOPLE_FEMALE | PEOPLE_MALE | PEOPLE_EITHER
ANIMALS = words(
    "cat dog puppy kitten tortoise turtle goldfish fish rabbit bunny hamster parrot canary budgie horse pony "
    "donkey goat sheep lamb cow calf hen chicken rooster cockerel duck goose pig piglet guinea-pig mouse rat "
    "snake lizard gecko hedgehog ferret terrier greyhound collie labrador spaniel poodle beagle toller retriever "
    "mongrel tomcat mare foal stallion ewe ram budgerigar cockatiel axolotl frog newt spider tarantula bird crow "
    "magpie owl falcon pigeon"
)

NAMES_FEMALE = words(
    "Ada Adele Agatha Agnes Aisha Alba Alice Alina Amara Amelia Amina Amy Ana Anastasia Andrea Angela Anita Ann "
    "Anna Anne Annika Antonia Aoife Astrid Aurora Barbara Beatrice Beatriz Bella Benedetta Bianca Bridget Camila "
    "Carla Carmen Carol Carolina Caroline Catherine Cecilia Celia Chiara Chloe Clara Claire Claudia Cristina "
    "Daniela Deborah Diana Dora Dorothy Edith Elena Elisa Elisabeth Eliza Elizabeth Ella Ellen Ellie Elsa Emilia "
    "Emily Emma Esther Eva Eve Fatima Fatma Fiona Flora Florence Frances Francesca Freya Gabriela Georgia Giada "
    "Gina Giulia Gloria Grace Greta Gwen Hana Hannah Harriet Heather Helen Helena Hilda Ida Ines Ingrid Irene "
    "Irina Iris Isabel Isabella Isla Ivana Jane Janet Jasmine Jean Jennifer Jenny Jessica Joan Joanna Josephine "
    "Joy Judith Julia Juliana Julie Karen Karin Kate Katerina Katharina Kathleen Katie Kirsten Kristin Laila Lara "
    "Laura Layla Leila Lena Leticia Lidia Lily Linda Lisa Liv Lorna Louise Lucia Lucy Luisa Lydia Magdalena Maja "
    "Margaret Margarita Maria Marianne Marie Marina Marta Martha Mary Maryam Matilda Maya Mei Mia Michelle Mila "
    "Mina Mira Miriam Monica Nadia Naomi Natalia Natasha Nicole Nina Nora Norma Olga Olivia Olivia Paula Petra "
    "Phoebe Pia Priya Rachel Rebecca Regina Renata Rita Rosa Rose Ruth Sabine Sally Samira Sandra Sara Sarah "
    "Selma Shirin Signe Silvia Simone Sofia Solveig Sonia Sophia Sophie Stella Stephanie Susan Susana Svetlana "
    "Sylvia Tamara Tanya Tatiana Teresa Theresa Tina Ursula Valentina Valeria Vanessa Vera Veronica Victoria "
    "Violet Virginia Wanjiru Yasmin Yuki Yvonne Zahra Zoe Zara Zuzana"
)
NAMES_MALE = words(
    "Aaron Abdul Adam Adrian Ahmed Alan Albert Alejandro Alessandro Ali Amir Anders Andreas Andrew Anton Antonio "
    "Antoine Arjun Arman Arthur Arturo Axel Ben Benjamin Bernard Björn Bob Boris Brian Bruno Carl Carlos Charles "
    "Chidi Christopher Ciro Daniel Dario David Deniz Dennis Derek Diego Dmitri Dominic Edgar Eduardo Edward Elias "
    "Emil Emre Enrico Eric Erik Ernest Ethan Ettore Eugene Fabio Farhad Felix Fernando Filip Finn Francesco "
    "Francis Frank Fred Frederick Gabriel Gareth Gary Gennaro Geoffrey George Gerald Giacomo Gianni Giorgio "
    "Giovanni Giuseppe Goran Graham Greg Guido Gustav Hamid Hans Harold Harry Hassan Henri Henrik Henrique Henry "
    "Herbert Hugo Hussein Ian Igor Isaac Ismail Ivan Jack Jacob Jakob James Jan Javier Jens Jim Joe Johan John "
    "Jon Jonas Jonathan José Joseph Josh Juan Julian Julius Karim Karl Keith Ken Kenneth Kevin Khalid Klaus Kofi "
    "Kristian Lars Latif Leo Leon Leonard Liam Lorenzo Louis Luc Luca Lucas Ludwig Luis Luke Magnus Malik Marc "
    "Marcel Marco Marcus Mario Mark Martin Mateo Matthew Matthias Maurice Max Mehmet Michael Miguel Mike Milan "
    "Mohamed Muhammad Mustafa Nathan Neil Nicholas Nick Nikola Nikolai Noah Oliver Omar Omid Oscar Oskar Otto "
    "Pablo Paolo Pasquale Patrick Paul Pavel Pedro Per Peter Petr Philip Pierre Pietro Rafael Raj Rajesh Ralph "
    "Ravi Raymond Richard Robert Roberto Roger Roland Roman Ron Rubén Rui Salvatore Sam Samuel Sanjay Santiago "
    "Sebastian Sergei Sergio Simon Stefan Stephen Steve Steven Sven Tariq Teodor Theo Thomas Tim Timothy Tobias "
    "Tom Tomás Tony Umberto Vašek Victor Viktor Vincent Vladimir Walter Wei Werner Wilhelm William Xavier Yusuf "
    "Youssef Zbigniew"
)
NAMES = NAMES_FEMALE | NAMES_MALE

FIRST_PERSON = words("i me my mine myself we us our ours ourselves")
STOP = words(
    "a an the and or but nor so yet if then than that this these those there here of in on at by for with from to "
    "into onto over under up down out off about after before since until till while when where who whom whose "
    "which what why how as is are was were be been being am do does did done have has had having will would shall "
    "should can could may might must not no n't never only just very too also again once still even ever more "
    "most much many some any all both each few other such own same it its he him his she her hers they them their "
    "theirs you your yours i me my mine we us our ours 's 're 've 'll 'm 'd s t re ve ll m d one ones itself "
    "himself herself themselves myself because through"
)
PERSONAL_KEYS = words(
    "rent landlord landlady doctor dentist gp physio physiotherapist allergy allergies employer occupation job "
    "profession birthday born name nickname home address phone bank blood partner wife husband pet cat dog pets "
    "manager boss languages language coffee tea school hobby instrument car bike height weight optician "
    "hairdresser vet insurance glasses"
)
