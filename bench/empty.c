/* empty: the least that a hook can be: what ours are measured against. DIAGNOSTICS: none. */
int main(void)
{
	return 0;
}
