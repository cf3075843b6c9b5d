from learnflow.kit.serve import main

main("exercise")
